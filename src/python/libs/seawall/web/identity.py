"""Who asks, and which request this is, as headers say it. The gateway sets the identity headers."""

import re

from aiohttp import web

from seawall.web.problem import Problem, refused

CUSTOMER = "x-customer-id"
ROLE = "x-customer-role"

_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_KEY_LIMIT = "1..64 characters of A-Z a-z 0-9 _ . : -"


def customer_id(request: web.Request) -> str:
    """The customer that the gateway has verified. Raises Problem 401 if there is none."""
    value = request.headers.get(CUSTOMER, "")
    if not value:
        raise Problem(
            401, "sign-in-required", "Sign in first", headers={"WWW-Authenticate": 'Bearer realm="seawall"'}
        )
    return value


def require_role(request: web.Request, role: str) -> str:
    """The customer, who has this role. Raises Problem 401 or 403."""
    who = customer_id(request)
    if request.headers.get(ROLE) != role:
        raise Problem(403, "role-required", "You may not do this", f"only {role}s may")
    return who


def idempotency_key(request: web.Request) -> str:
    """The header Idempotency-Key. Raises Problem 400 if it is missing or malformed."""
    keys = request.headers.getall("Idempotency-Key", [])
    if len(keys) != 1:
        detail = "the header is missing" if not keys else "the header is given more than once"
        raise refused(400, "Idempotency-Key", f"given once, {_KEY_LIMIT}", detail)
    if not _KEY.fullmatch(keys[0]):
        raise refused(400, "Idempotency-Key", _KEY_LIMIT, "the header has another form")
    return keys[0]
