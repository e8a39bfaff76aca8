"""Where a Kafka is and how a client proves itself to it, from a URL."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

PLAIN, TLS = "kafka://", "kafkas://"
FORMS = "kafka://host:port[,host:port...] or kafkas://[user:password@]host:port[,...][?ca=FILE]"
MECHANISM = "SCRAM-SHA-512"


@dataclass(frozen=True)
class KafkaAddress:
    """The brokers to begin with, and what every client of aiokafka is given to reach them."""

    bootstrap: str
    security: Mapping[str, Any]

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of any client."""
        return {"bootstrap_servers": self.bootstrap, **self.security}


def kafka_address(url: str) -> KafkaAddress:
    """Reads a URL. Raises ValueError for another form, OSError for a `ca` that cannot be read.

    `kafkas` is TLS: the server proves itself by a certificate of its host's name, signed by the system's
    authorities or by those in the file `ca`. With a user the client proves itself by SCRAM-SHA-512. User
    and password are percent-encoded.
    """
    scheme = next((each for each in (PLAIN, TLS) if url.startswith(each)), "")
    rest, _, query = url.removeprefix(scheme).partition("?")
    user, at, hosts = rest.rpartition("@")
    bootstrap = hosts.rstrip("/")
    settings = parse_qs(query, keep_blank_values=True)
    if not scheme or not bootstrap or settings.keys() - {"ca"} or (scheme == PLAIN and (at or settings)):
        raise ValueError(f"a broker URL has the form {FORMS}")
    if scheme == PLAIN:
        return KafkaAddress(bootstrap, {})
    context = ssl.create_default_context(cafile=settings["ca"][-1] if settings else None)
    if not at:
        return KafkaAddress(bootstrap, {"security_protocol": "SSL", "ssl_context": context})
    name, _, password = user.partition(":")
    credentials = {
        "security_protocol": "SASL_SSL",
        "ssl_context": context,
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": unquote(name),
        "sasl_plain_password": unquote(password),
    }
    return KafkaAddress(bootstrap, credentials)
