"""PostgreSQL by TLS, as a URL of libpq says it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from certificates import Certificates, make_certificates
from seawall.sql import is_outage, open_database
from tls_proxy import as_postgres, tls_proxy


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def secure_url(database_url: str, certificates: Certificates) -> AsyncIterator[str]:
    """A database behind TLS; the URL says nothing of it yet."""
    url = make_url(database_url)
    assert url.host
    assert url.port
    async with tls_proxy(url.host, url.port, certificates.server_context(), as_postgres) as port:
        yield url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)


async def ask(url: str) -> int:
    async with open_database(url) as database, database.connection() as connection:
        return int((await connection.execute(text("SELECT 1"))).scalar_one())


async def test_a_server_that_proves_itself_is_believed(secure_url: str, certificates: Certificates) -> None:
    """verify-full takes a certificate of the host's name by the authority of the file."""
    assert await ask(f"{secure_url}?sslmode=verify-full&sslrootcert={certificates.authority}") == 1


async def test_a_server_of_another_authority_is_not(secure_url: str, tmp_path: Path) -> None:
    """A certificate that nobody we believe has signed ends the connection before the password is sent."""
    other = make_certificates(tmp_path).authority
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED") as raised:
        await ask(f"{secure_url}?sslmode=verify-full&sslrootcert={other}")
    assert is_outage(raised.value)


async def test_require_encrypts_and_asks_no_more(secure_url: str) -> None:
    """A proxy that refuses plain text is passed, whoever has signed its certificate."""
    assert await ask(f"{secure_url}?sslmode=require") == 1


async def test_require_is_refused_by_a_server_without_tls(database_url: str) -> None:
    """Nothing is sent in plain text where TLS was asked for."""
    with pytest.raises(OSError, match="rejected SSL"):
        await ask(f"{database_url}?sslmode=require")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sslmode=prefer", "sslmode: require or verify-full, not prefer"),
        ("sslrootcert=/x", "sslmode: require or verify-full, not None"),
        ("sslmode=require&sslrootcert=/x", "sslrootcert: belongs to sslmode=verify-full"),
    ],
)
async def test_what_would_not_protect_is_refused(query: str, message: str) -> None:
    """A mode that falls back to plain text, and a file that nobody would look at."""
    with pytest.raises(ValueError, match=message):
        await ask(f"postgresql://u:p@127.0.0.1:1/d?{query}")
