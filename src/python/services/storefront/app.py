"""Composition root: the storefront, all wiring visible."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from seawall.web import web_service
from services.storefront import account_pages, order_pages, pages
from services.storefront.api_client import ShopApi
from services.storefront.assets import Assets
from services.storefront.keys import API
from services.storefront.page_errors import errors_as_pages
from services.storefront.rendering import PAGES, Pages
from services.storefront.security import add_security_headers
from services.storefront.session import RENEWALS, Renewals
from services.storefront.settings import StorefrontSettings

_STATIC = Path(__file__).parent / "static"
MAX_API_CONNECTIONS = 256


def build(settings: StorefrontSettings) -> web.Application:
    """The service, ready to be run; it connects to nothing before it starts."""

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=MAX_API_CONNECTIONS, keepalive_timeout=15)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            app[API] = ShopApi(session, settings.api_url)
            app[RENEWALS] = Renewals(app[API])
            yield

    assets = Assets(_STATIC)
    routes = [
        *pages.routes,
        *account_pages.routes,
        *order_pages.routes,
        web.get("/static/{name}", assets.serve),
    ]
    app = web_service(settings, name="storefront", routes=routes, lifetime=lifetime)
    app[PAGES] = Pages(assets.url)
    app.middlewares.append(errors_as_pages)
    app.on_response_prepare.append(add_security_headers)
    return app
