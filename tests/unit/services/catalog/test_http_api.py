"""GET /v1/products, /v1/sales and POST /v1/sales."""

from typing import Any

import pytest

OPERATOR = {"x-customer-id": "boss", "x-customer-role": "operator"}
SALE: dict[str, Any] = {
    "sale_id": "flash-1",
    "title": "Flash",
    "opens_at": "2026-12-01T12:00:00Z",
    "closes_at": "2026-12-01T13:00:00+00:00",
    "items": [{"sku": "GLY-MUG-CHK", "stock": 5, "price_minor": 900, "per_customer_cap": 2}],
}


async def test_all_pages_hold_each_product_once(client):
    """Following the cursor gives every product once, in order of SKU."""
    skus, cursor = [], ""
    while cursor is not None:
        response = await client.get(f"/v1/products?limit=60{cursor and '&cursor=' + cursor}")
        page = await response.json()
        assert len(page["items"]) <= 60
        skus += [product["sku"] for product in page["items"]]
        cursor = page["next_cursor"]
    assert len(skus) == 200
    assert skus == sorted(set(skus))


async def test_the_last_page_may_be_full(client):
    """A last page of exactly `limit` products has no cursor."""
    page = await (await client.get("/v1/products?limit=100")).json()
    page = await (await client.get(f"/v1/products?limit=100&cursor={page['next_cursor']}")).json()
    assert (len(page["items"]), page["next_cursor"]) == (100, None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("page=2", "page"),
    ],
)
async def test_bad_queries_are_named(client, query, field):
    """A bad query is refused with the name of the parameter and its limit."""
    response = await client.get(f"/v1/products?{query}")
    problem = await response.json(content_type="application/problem+json")
    assert response.status == 400
    assert problem["field"] == field
    assert problem["limit"]


async def test_product(client):
    """A product has all that its page shows."""
    product = await (await client.get("/v1/products/GLY-MUG-CHK")).json()
    assert product["name"] == "Enamel Watch Mug, Chalk"
    assert product["currency"] == "EUR"
    assert set(product) == {
        "sku",
        "name",
        "description",
        "category",
        "price_minor",
        "currency",
        "attributes",
    }


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/products/NONE", "product-unknown"), ("/v1/sales/none", "sale-unknown")]
)
async def test_what_does_not_exist(client, path, kind):
    """A problem says which kind of thing is unknown."""
    response = await client.get(path)
    problem = await response.json(content_type="application/problem+json")
    assert (response.status, problem["type"]) == (404, f"urn:seawall:problem:{kind}")


async def test_sales_in_order_of_opening(client):
    """The list holds whole sales, the first to open first."""
    sales = (await (await client.get("/v1/sales")).json())["items"]
    assert [sale["sale_id"] for sale in sales] == ["autumn-drop", "last-chance", "winter-preview"]
    assert sales[1] == await (await client.get("/v1/sales/last-chance")).json()
    assert sales[1]["items"][0]["stock"] == 1


async def test_reads_can_be_cached(client, catalogue):
    """Reads carry a tag and say how long they may be kept; the same tag again is answered with 304."""
    first = await client.get("/v1/sales")
    assert first.headers["Cache-Control"].startswith("public, max-age=")
    assert "stale-while-revalidate" in first.headers["Cache-Control"]
    again = await client.get("/v1/sales", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
    other = await client.get("/v1/sales", headers={"If-None-Match": '"other"'})
    assert other.status == 200
    assert catalogue.reads == 1


async def test_schedule_a_sale(client, catalogue):
    """An operator's sale is there at once, has its address, and is announced."""
    assert (await client.get("/v1/sales/flash-1")).status == 404
    response = await client.post("/v1/sales", json=SALE, headers=OPERATOR)
    assert (response.status, response.headers["Location"]) == (201, "/v1/sales/flash-1")
    sale = await (await client.get("/v1/sales/flash-1")).json()
    assert sale == await response.json()
    assert sale["items"][0]["name"] == "Enamel Watch Mug, Chalk"
    assert catalogue.announced == ["flash-1"]


async def test_the_same_sale_again(client, catalogue):
    """The same sale again changes nothing; the same id with other content is a conflict."""
    await client.post("/v1/sales", json=SALE, headers=OPERATOR)
    again = await client.post("/v1/sales", json=SALE, headers=OPERATOR)
    assert again.status == 200
    other = await client.post("/v1/sales", json=SALE | {"title": "Other"}, headers=OPERATOR)
    assert other.status == 409
    assert catalogue.announced == ["flash-1"]


async def test_a_sale_without_an_id(client, catalogue):
    """Sent twice, a sale without an id is still one sale."""
    body = {name: value for name, value in SALE.items() if name != "sale_id"}
    first = await client.post("/v1/sales", json=body, headers=OPERATOR)
    again = await client.post("/v1/sales", json=body, headers=OPERATOR)
    assert (first.status, again.status) == (201, 200)
    assert len(catalogue.announced) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-customer-id": "ada"}, 403),
        ({"x-customer-id": "ada", "x-customer-role": "customer"}, 403),
    ],
)
async def test_operators_only(client, catalogue, headers, status):
    """Only an operator schedules sales."""
    assert (await client.post("/v1/sales", json=SALE, headers=headers)).status == status
    assert catalogue.announced == []


def item(**changes):
    return {"items": [SALE["items"][0] | changes]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"opens_at": "2026-12-01T12:00:00"}, "opens_at"),
        ({"closes_at": "2026-12-01T11:00:00Z"}, "closes_at"),
        ({"title": ""}, "title"),
        ({"sale_id": "a b"}, "sale_id"),
        ({"surprise": 1}, "surprise"),
        ({"items": []}, "items"),
        (item(stock=-1), "items[0].stock"),
        (item(stock=1_000_001), "items[0].stock"),
        (item(stock="5"), "items[0].stock"),
        (item(price_minor=0), "items[0].price_minor"),
        (item(per_customer_cap=0), "items[0].per_customer_cap"),
        (item(sku="NONE"), "items[0].sku"),
        ({"items": SALE["items"] * 2}, "items[1].sku"),
    ],
)
async def test_bad_sales_are_named(client, catalogue, changes, field):
    """A bad sale is refused with the name of the field and its limit."""
    response = await client.post("/v1/sales", json=SALE | changes, headers=OPERATOR)
    problem = await response.json(content_type="application/problem+json")
    assert response.status == 422
    assert problem["field"].replace("[...]", "[0]") == field
    assert problem["limit"]
    assert catalogue.announced == []
