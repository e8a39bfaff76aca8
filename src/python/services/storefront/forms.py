"""What a browser posts: checked to come from our own pages, and read as text."""

import asyncio
import re
import secrets

from aiohttp import web

from services.storefront.errors import CrossSiteForm

FORM_TIMEOUT_SECONDS = 10.0
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def refuse_cross_site(request: web.Request) -> None:
    """Raises CrossSiteForm unless the browser says that the form is one of this origin.

    Sec-Fetch-Site decides where it is sent. Browsers leave it out on plain HTTP to other hosts than
    their own; there Origin must name our host, and our port as far as the gateway leaves it in Host.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    is_ours = _names_host(origin, request.host) if site is None else site == "same-origin"
    if not is_ours:
        raise CrossSiteForm(f"Sec-Fetch-Site is {site}, Origin is {origin}")


def _names_host(origin: str, host: str) -> bool:
    authority = origin.partition("://")[2].lower()
    has_port = host.rpartition("]")[2].count(":") == 1
    ours = authority if has_port else re.sub(r":\d+$", "", authority)
    return bool(authority) and ours == host.lower()


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a form of ours. Raises CrossSiteForm, or HTTP 408 too slow, 413 too large, 415."""
    refuse_cross_site(request)
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        async with asyncio.timeout(FORM_TIMEOUT_SECONDS):
            fields = await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout(headers={"Connection": "close"}) from None
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def new_key() -> str:
    """A key for one purchase, made when its form is shown, so that sending it twice orders once."""
    return secrets.token_urlsafe(24)


def is_key(text: str) -> bool:
    """Whether the text can be a key that `new_key` made."""
    return _KEY.fullmatch(text) is not None


def local_path(text: str | None) -> str:
    """The text if it is a path on this site, else `/`: nobody is sent elsewhere by a crafted link."""
    is_local = bool(text) and text is not None and text.startswith("/") and not text.startswith("//")
    if not is_local or text is None or any(ord(letter) < 33 or letter == "\\" for letter in text):
        return "/"
    return text
