"""The HTTP API: what is left of a sale."""

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from seawall.resilience import Priority
from seawall.web import Problem, json_response, operation
from services.inventory.domain import ItemStock

StockOf = Callable[[str], Awaitable[list[ItemStock]]]
STOCK_OF: web.AppKey[StockOf] = web.AppKey("stock_of")

routes = web.RouteTableDef()


class ItemStockView(msgspec.Struct, frozen=True):
    sku: str
    available: int
    stock: int


class SaleStockView(msgspec.Struct, frozen=True):
    sale_id: str
    items: list[ItemStockView]


@routes.get("/v1/sales/{sale_id}/stock")
@operation(
    summary="What is left of a sale",
    priority=Priority.SHEDDABLE_PLUS,
    responses={200: SaleStockView, 404: None},
)
async def get_stock(request: web.Request) -> web.StreamResponse:
    sale_id = request.match_info["sale_id"]
    items = await request.app[STOCK_OF](sale_id)
    if not items:
        raise Problem(404, "sale-unknown", "There is no such sale")
    views = [ItemStockView(item.sku, item.available, item.stock) for item in items]
    # A moment old is fine, and spares the counters when everybody looks at once.
    return json_response(SaleStockView(sale_id, views), headers={"Cache-Control": "public, max-age=1"})
