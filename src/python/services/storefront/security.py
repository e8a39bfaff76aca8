"""Headers that keep other sites out of our pages, and scripts of others out of ours."""

from aiohttp import web

_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# `same-origin`, not `no-referrer`: the latter makes browsers send `Origin: null` with our own forms.
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{use} {source}" for use, source in _SOURCES.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Adds the headers to every response."""
    response.headers.update(HEADERS)
