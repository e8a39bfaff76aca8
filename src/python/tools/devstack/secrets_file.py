"""Passwords and the signing key: made at random once per data dir, readable by their owner alone."""

import secrets
from pathlib import Path

import msgspec

from tools.devstack.stack import write_private

SECRETS_FILE = "secrets.json"
SIGNING_KEY_FILE = "signing-key.pem"
OPERATOR_EMAIL = "operator@seawall.example"
CUSTOMER_EMAIL = "demo@seawall.example"


class Secrets:
    """The passwords of one data dir. A name that is asked for the first time gets a new one."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / SECRETS_FILE
        self._passwords = _read(self._file)

    def password(self, name: str) -> str:
        """The password of a role or a person; the same at every start."""
        if name not in self._passwords:
            self._passwords[name] = secrets.token_urlsafe(12)
            write_private(self._file, msgspec.json.format(msgspec.json.encode(self._passwords)))
        return self._passwords[name]


def ensure_signing_key(data_dir: Path) -> Path:
    """The file with the key that accounts signs tokens with."""
    file = data_dir / SIGNING_KEY_FILE
    if not file.exists():
        from seawall.auth import generate_signing_key  # noqa: PLC0415 - slow to import, needed once

        write_private(file, generate_signing_key().encode("ascii"))
    return file


def _read(file: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
