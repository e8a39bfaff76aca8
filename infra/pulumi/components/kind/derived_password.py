"""Passwords of a cluster on one's own machine, from one secret of the configuration."""

import hashlib
import hmac

import pulumi
from pydantic import SecretStr


def derived_password(secret: SecretStr, name: str) -> pulumi.Output[str]:
    """The password of this name: the same at each run, and from none of them is another one known.

    HMAC-SHA256 of the name. To rotate them all, rotate the secret.
    """
    key = secret.get_secret_value().encode()
    return pulumi.Output.secret(hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:40])
