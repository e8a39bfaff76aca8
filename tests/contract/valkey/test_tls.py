"""Valkey by TLS: `rediss://`."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from certificates import Certificates, make_certificates
from seawall.valkey import ValkeyUnavailable, open_valkey
from tls_proxy import tls_proxy


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return make_certificates(tmp_path / "server")


@pytest.fixture
async def secure_url(valkey_url: str, certificates: Certificates) -> AsyncIterator[str]:
    there = urlsplit(valkey_url)
    assert there.hostname
    assert there.port
    async with tls_proxy(there.hostname, there.port, certificates.server_context()) as port:
        yield f"rediss://127.0.0.1:{port}/0"


async def test_a_server_that_proves_itself_is_believed(
    secure_url: str, certificates: Certificates, unique: str
) -> None:
    """A command goes there and back."""
    async with open_valkey(
        f"{secure_url}?ssl_ca_certs={certificates.authority}", timeout_seconds=20
    ) as valkey:
        assert await valkey.hincrby(unique, "field", 3) == 3


async def test_a_server_that_nobody_vouches_for_is_not(secure_url: str) -> None:
    """By default the system's authorities decide, and they have not signed this one."""
    async with open_valkey(secure_url, timeout_seconds=20) as valkey:
        with pytest.raises(ValkeyUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await valkey.ping()
