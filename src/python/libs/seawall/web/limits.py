"""How much of a body is taken, and how long it may take to come."""

from aiohttp import web

MAX_BODY_BYTES = 64 * 1024
BODY_TIMEOUT_SECONDS = 10.0

# How long a body may take in this application.
BODY_TIMEOUT: web.AppKey[float] = web.AppKey("body_timeout_seconds", float)
