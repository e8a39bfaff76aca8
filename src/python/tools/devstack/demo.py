"""A customer for the person who tries the shop, signed up through the public API."""

import asyncio
import json
import time
import urllib.error
import urllib.request

from tools.devstack.failures import DevstackError

TIMEOUT_SECONDS = 20.0
RETRY_SECONDS = 0.2


async def sign_up(gateway_url: str, email: str, password: str) -> None:
    """Makes the customer unless it is there. Raises DevstackError if the gateway does not let us in time."""
    body = json.dumps({"email": email, "password": password, "name": "Demo Customer"}).encode()
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        status = await asyncio.to_thread(_post, f"{gateway_url}/v1/customers", body)
        if status in (201, 409):
            return
        if time.monotonic() > deadline:
            raise DevstackError(f"the demo customer could not be signed up: {gateway_url} answered {status}")
        await asyncio.sleep(RETRY_SECONDS)


def _post(url: str, body: bytes) -> int:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - http, ours
    try:
        with _DIRECT.open(request, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


# Loopback is reached directly, whatever proxy the environment names.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
