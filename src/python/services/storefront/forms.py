"""What a browser posts: checked to come from our own pages, and read as text."""

import re
import secrets
from urllib.parse import urlsplit

from aiohttp import web

from services.storefront.errors import CrossSiteForm

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def refuse_cross_site(request: web.Request) -> None:
    """Raises CrossSiteForm where the browser names another origin than this one, or none at all.

    Browsers send Origin with every POST; Sec-Fetch-Site serves those whose Origin a policy hid.
    """
    origin = request.headers.get("Origin")
    if origin is not None and origin != "null":
        if urlsplit(origin).netloc.lower() != request.host.lower():
            raise CrossSiteForm(f"Origin is {origin}")
    elif request.headers.get("Sec-Fetch-Site") != "same-origin":
        raise CrossSiteForm("neither Origin nor Sec-Fetch-Site vouches for the form")


async def read_form(request: web.Request) -> dict[str, str]:
    """The text fields of a form of ours; files are left out."""
    refuse_cross_site(request)
    fields = await request.post()
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
