"""The pages that anybody can look at: sales, items, goods, and their pictures."""

import asyncio
from datetime import UTC, datetime

from aiohttp import web

from services.storefront.api_client import ShopApi
from services.storefront.api_types import Sale
from services.storefront.art import product_picture, sale_picture
from services.storefront.errors import ApiProblem, ShopError
from services.storefront.forms import new_key
from services.storefront.keys import API
from services.storefront.rendering import PAGES, page

routes = web.RouteTableDef()
PRODUCTS_PER_PAGE = 24
_PHASES = ("open", "upcoming", "closed")


@routes.get("/")
async def home(request: web.Request) -> web.Response:
    """All sales: open ones first, of them the one that ends soonest; then those to come; then past ones."""
    now = datetime.now(UTC)
    sales = await request.app[API].sales()
    by_phase = {phase: [sale for sale in sales if sale.phase(now) == phase] for phase in _PHASES}
    by_phase["open"].sort(key=lambda sale: sale.closes_at)
    by_phase["closed"].sort(key=lambda sale: sale.closes_at, reverse=True)
    return page(request, "home.html", sales=by_phase)


@routes.get("/sales/{sale_id}")
async def sale_page(request: web.Request) -> web.Response:
    """A sale with its items and what is left of them."""
    sale, available = await _sale_and_stock(request.app[API], request.match_info["sale_id"])
    return page(request, "sale.html", sale=sale, phase=sale.phase(datetime.now(UTC)), available=available)


@routes.get("/sales/{sale_id}/items/{sku}")
async def item_page(request: web.Request) -> web.Response:
    """One item of a sale, with the form that buys it."""
    api, sku = request.app[API], request.match_info["sku"]
    (sale, available), product = await asyncio.gather(
        _sale_and_stock(api, request.match_info["sale_id"]), api.product(sku)
    )
    item = sale.item(sku)
    if item is None:
        raise ApiProblem(404, "item-unknown", "Not in this sale", "")
    return page(
        request,
        "item.html",
        sale=sale,
        item=item,
        product=product,
        phase=sale.phase(datetime.now(UTC)),
        available=available.get(sku),
        key=new_key(),
    )


@routes.get("/products")
async def products_page(request: web.Request) -> web.Response:
    """The goods of the shop, page by page."""
    products = await request.app[API].products(request.query.get("cursor"), PRODUCTS_PER_PAGE)
    return page(request, "products.html", products=products, is_first="cursor" not in request.query)


@routes.get("/products/{sku}")
async def product_page(request: web.Request) -> web.Response:
    """One product, and the sales that offer it."""
    api, sku = request.app[API], request.match_info["sku"]
    product, sales = await asyncio.gather(api.product(sku), api.sales())
    now = datetime.now(UTC)
    offers = [(sale, sale.item(sku)) for sale in sales if sale.phase(now) != "closed"]
    return page(
        request, "product.html", product=product, offers=[(sale, item) for sale, item in offers if item]
    )


@routes.get("/art/{sku}.svg")
async def art(request: web.Request) -> web.Response:
    """A picture of a product, the same for a SKU every time."""
    return _picture(request, "art/product.svg", product_picture(request.match_info["sku"]))


@routes.get("/art/sales/{sale_id}.svg")
async def sale_art(request: web.Request) -> web.Response:
    """A seascape for a sale, the same for its id every time."""
    return _picture(request, "art/sale.svg", sale_picture(request.match_info["sale_id"]))


def _picture(request: web.Request, template: str, picture: object) -> web.Response:
    text = request.app[PAGES].text(template, picture=picture)
    headers = {"Cache-Control": "public, max-age=86400, stale-while-revalidate=604800"}
    return web.Response(text=text, content_type="image/svg+xml", headers=headers)


async def _sale_and_stock(api: ShopApi, sale_id: str) -> tuple[Sale, dict[str, int]]:
    """The sale, and units left by SKU: without them the page is still worth showing."""
    sale, stock = await asyncio.gather(api.sale(sale_id), api.available(sale_id), return_exceptions=True)
    if isinstance(sale, BaseException):
        raise sale
    if isinstance(stock, BaseException):
        if not isinstance(stock, ShopError):
            raise stock
        return sale, {}
    return sale, stock
