import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from seawall.auth import generate_signing_key
from services.accounts.app import build
from services.accounts.settings import AccountsSettings

OPERATOR = {"email": "operator@shop.example", "password": "an operator password"}


@pytest.fixture
def settings(database_url):
    return AccountsSettings(
        database_url=SecretStr(database_url),
        signing_key=SecretStr(generate_signing_key()),
        operator_email=OPERATOR["email"],
        operator_password=SecretStr(OPERATOR["password"]),
    )


@pytest.fixture
async def client(settings):
    """The service on its own database, over HTTP."""
    async with TestClient(TestServer(build(settings))) as client:
        yield client


@pytest.fixture
def operator():
    """The operator's credentials as the settings have them."""
    return OPERATOR
