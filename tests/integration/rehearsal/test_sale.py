"""How a sale and its customers are prepared, on a stand-in of the public API."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tools.rehearsal.customers import sign_up
from tools.rehearsal.sale import PreparationError, prepare_sale

PRODUCTS = [f"sku-{number}" for number in range(5)]
PAGE = 2


class Shop:
    """A public API with five products, whose inventory takes a sale up at the third look."""

    def __init__(self) -> None:
        self.sales: list[dict[str, object]] = []
        self.refusal: int | None = None
        self.looks = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/products", self.products)
        app.router.add_post("/v1/customers", self.customers)
        app.router.add_post("/v1/sessions", self.sessions)
        app.router.add_post("/v1/sales", self.schedule)
        app.router.add_get("/v1/sales/{sale_id}/stock", self.stock)
        return app

    async def products(self, request):
        begin = int(request.query.get("cursor", 0))
        following = begin + PAGE if begin + PAGE < len(PRODUCTS) else None
        items = [{"sku": sku} for sku in PRODUCTS[begin : begin + PAGE]]
        return web.json_response({"items": items, "next_cursor": following and str(following)})

    async def customers(self, request):
        return web.json_response({"customer_id": (await request.json())["email"]}, status=201)

    async def sessions(self, request):
        return web.json_response({"access_token": "token of " + (await request.json())["email"]})

    async def schedule(self, request):
        assert request.headers["authorization"] == "Bearer token of operator"
        if self.refusal:
            return web.Response(status=self.refusal, text="no")
        self.sales.append(await request.json())
        return web.json_response({}, status=201)

    async def stock(self, request):
        self.looks += 1
        if self.looks < 3:
            return web.Response(status=404)
        return web.json_response({"items": self.sales[0]["items"]})


@pytest.fixture
def api():
    """The stand-in."""
    return Shop()


@pytest.fixture
async def gateway(api):
    """A client of it."""
    async with TestServer(api.app()) as server, aiohttp.ClientSession(str(server.make_url("/"))) as session:
        yield session


async def prepare(gateway, sku_count=3):
    return await prepare_sale(
        gateway,
        sale_id="sale-1",
        operator_email="operator",
        operator_password="secret",
        sku_count=sku_count,
        stock=7,
        per_customer_cap=2,
        duration_seconds=10,
    )


async def test_a_sale_is_scheduled_and_waited_for(api, gateway):
    """The products are read in pages; the sale is ready once inventory sells it."""
    sale = await prepare(gateway)
    assert (sale.sale_id, sale.skus) == ("sale-1", PRODUCTS[:3])
    (scheduled,) = api.sales
    assert [item["sku"] for item in scheduled["items"]] == PRODUCTS[:3]
    assert {(item["stock"], item["per_customer_cap"]) for item in scheduled["items"]} == {(7, 2)}
    assert scheduled["opens_at"] < scheduled["closes_at"]
    assert api.looks == 3


async def test_more_skus_than_products_is_said(gateway):
    """The flag and the limit are named."""
    with pytest.raises(PreparationError, match="--skus: the catalogue has 5 products, 6 were asked for"):
        await prepare(gateway, sku_count=6)


async def test_a_refused_sale_is_said(api, gateway):
    """With the answer that refused it."""
    api.refusal = 403
    with pytest.raises(PreparationError, match="refused: 403 no"):
        await prepare(gateway)


async def test_customers_sign_up_and_sign_in(gateway):
    """Each has an address of the run, and a token."""
    customers = await sign_up(gateway, 2, "run-1")
    assert [customer.token for customer in customers] == [
        "token of run-1-0@rehearsal.example",
        "token of run-1-1@rehearsal.example",
    ]
