"""Who comes: customers with tokens in hand. Most are minted, a few really sign up and sign in."""

import random
import uuid
from dataclasses import dataclass

import aiohttp

from seawall.auth import TokenIssuer

PASSWORD = "rehearsal pass phrase"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer and an access token of theirs."""

    customer_id: str
    token: str


def mint(signing_key_pem: str, count: int, *, seed: int, ttl_seconds: int) -> list[Customer]:
    """Makes customers by signing their tokens with the stack's key. The ids depend on the seed only."""
    issuer = TokenIssuer(signing_key_pem, ttl_seconds=ttl_seconds)
    rng = random.Random(seed)
    ids = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(count)]
    return [Customer(customer_id, issuer.issue(customer_id)) for customer_id in ids]


async def sign_up(gateway: aiohttp.ClientSession, count: int, run_id: str) -> list[Customer]:
    """Makes customers as people do: POST /v1/customers, then POST /v1/sessions."""
    customers = []
    for number in range(count):
        email = f"{run_id}-{number}@rehearsal.example"
        person = {"email": email, "password": PASSWORD, "name": f"Customer {number}"}
        async with gateway.post("/v1/customers", json=person, raise_for_status=True) as made:
            customer_id = (await made.json())["customer_id"]
        customers.append(Customer(customer_id, await sign_in(gateway, email, PASSWORD)))
    return customers


async def sign_in(gateway: aiohttp.ClientSession, email: str, password: str) -> str:
    """Returns an access token."""
    credentials = {"email": email, "password": password}
    async with gateway.post("/v1/sessions", json=credentials, raise_for_status=True) as session:
        token: str = (await session.json())["access_token"]
        return token
