"""GET /v1/products, /v1/sales and POST /v1/sales."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta, Struct

from seawall.resilience import Priority
from seawall.web import Problem, json_response, operation, query, read_json, require_role, tagged_response
from services.catalog import use_cases
from services.catalog.domain import (
    CatalogError,
    InvalidSale,
    Offer,
    Product,
    Sale,
    SaleExists,
    SaleProposal,
    UnknownProduct,
    UnknownSale,
)
from services.catalog.entrypoints.cursor import decode_cursor, encode_cursor
from services.catalog.entrypoints.read_cache import SALES, ReadCache, sale_key
from services.catalog.ports import Catalogue

CATALOGUE: web.AppKey[Catalogue] = web.AppKey("catalogue")
READS: web.AppKey[ReadCache] = web.AppKey("reads", ReadCache)
routes = web.RouteTableDef()

Moment = Annotated[datetime, Meta(tz=True)]
Sku = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
SaleId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)]


class NewItem(Struct, forbid_unknown_fields=True):
    """An item of a sale to be scheduled."""

    sku: Sku
    stock: Annotated[int, Meta(ge=0, le=1_000_000)]
    price_minor: Annotated[int, Meta(ge=1, le=100_000_000)]
    per_customer_cap: Annotated[int, Meta(ge=1, le=100)]


class NewSale(Struct, forbid_unknown_fields=True):
    """A sale to be scheduled; without `sale_id` one is derived from the content."""

    title: Annotated[str, Meta(min_length=1, max_length=120)]
    opens_at: Moment
    closes_at: Moment
    items: Annotated[list[NewItem], Meta(min_length=1, max_length=500)]
    sale_id: SaleId | None = None
    description: Annotated[str, Meta(max_length=2000)] = ""


class ProductQuery(Struct, forbid_unknown_fields=True):
    """Which page of the products."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    cursor: Annotated[str, Meta(max_length=200)] | None = None


class ProductList(Struct):
    """Products in order of SKU; `next_cursor` is null on the last page."""

    items: list[Product]
    next_cursor: str | None


class SaleList(Struct):
    """Sales in the order in which they open."""

    items: list[Sale]


@routes.get("/v1/products")
@operation(
    summary="Products, page by page",
    priority=Priority.SHEDDABLE_PLUS,
    query=ProductQuery,
    responses={200: ProductList, 400: None},
)
async def list_products(request: web.Request) -> web.StreamResponse:
    """One page of products."""
    asked = query(request, ProductQuery)
    after = _decode(asked.cursor) if asked.cursor is not None else None

    async def load() -> ProductList:
        page = await use_cases.list_products(request.app[CATALOGUE], after, asked.limit)
        return ProductList(list(page.products), encode_cursor(page.last_sku) if page.last_sku else None)

    return await _answer(request, f"products:{asked.limit}:{after or ''}", load, max_age_seconds=60)


@routes.get("/v1/products/{sku}")
@operation(summary="One product", priority=Priority.SHEDDABLE_PLUS, responses={200: Product, 404: None})
async def get_product(request: web.Request) -> web.StreamResponse:
    """One product."""
    sku = request.match_info["sku"]
    return await _answer(
        request,
        f"product:{sku}",
        lambda: use_cases.find_product(request.app[CATALOGUE], sku),
        max_age_seconds=60,
        unknown=UnknownProduct(sku),
    )


@routes.get("/v1/sales")
@operation(summary="All sales", priority=Priority.SHEDDABLE_PLUS, responses={200: SaleList})
async def list_sales(request: web.Request) -> web.StreamResponse:
    """All sales."""

    async def load() -> SaleList:
        return SaleList(list(await use_cases.list_sales(request.app[CATALOGUE])))

    return await _answer(request, SALES, load, max_age_seconds=2)


@routes.get("/v1/sales/{sale_id}")
@operation(summary="One sale", priority=Priority.SHEDDABLE_PLUS, responses={200: Sale, 404: None})
async def get_sale(request: web.Request) -> web.StreamResponse:
    """One sale."""
    sale_id = request.match_info["sale_id"]
    return await _answer(
        request,
        sale_key(sale_id),
        lambda: use_cases.find_sale(request.app[CATALOGUE], sale_id),
        max_age_seconds=2,
        unknown=UnknownSale(sale_id),
    )


@routes.post("/v1/sales")
@operation(
    summary="Schedule a sale (operators)",
    body=NewSale,
    responses={200: Sale, 201: Sale, 401: None, 403: None, 409: None, 422: None},
    authenticated=True,
)
async def schedule_sale(request: web.Request) -> web.StreamResponse:
    """201 with the new sale; 200 where the same sale was scheduled before."""
    require_role(request, "operator")
    sale, is_new = await use_cases.schedule_sale(
        request.app[CATALOGUE], _proposal(await read_json(request, NewSale))
    )
    await request.app[READS].sale_scheduled(sale.sale_id)
    return json_response(
        sale, status=201 if is_new else 200, headers={"Location": f"/v1/sales/{sale.sale_id}"}
    )


def _proposal(body: NewSale) -> SaleProposal:
    offers = tuple(
        Offer(item.sku, item.stock, item.price_minor, item.per_customer_cap) for item in body.items
    )
    return SaleProposal(
        body.title, body.description, body.opens_at, body.closes_at, offers, sale_id=body.sale_id
    )


def _decode(cursor: str) -> str:
    try:
        return decode_cursor(cursor)
    except ValueError as error:
        detail = "`cursor` must be a next_cursor that this API gave."
        limits = {"field": "cursor", "limit": "a next_cursor of this API"}
        raise Problem(400, "invalid-field", "A value is refused", detail, extra=limits) from error


async def _answer(
    request: web.Request,
    key: str,
    load: Callable[[], Awaitable[Any]],
    *,
    max_age_seconds: int,
    unknown: CatalogError | None = None,
) -> web.Response:
    encoded = await request.app[READS].get(key, load)
    if encoded is None:
        assert unknown is not None  # noqa: S101 - the other reads have an answer
        raise unknown
    caching = f"public, max-age={max_age_seconds}, stale-while-revalidate=30, stale-if-error=300"
    return tagged_response(request, encoded.body, encoded.etag, headers={"Cache-Control": caching})


def _invalid_sale(error: Exception) -> Problem:
    assert isinstance(error, InvalidSale)  # noqa: S101
    extra = {"field": error.field, "limit": error.limit}
    return Problem(422, "invalid-field", "A value is refused", f"{error.field}: {error.limit}.", extra=extra)


def _unknown_product(error: Exception) -> Problem:
    assert isinstance(error, UnknownProduct)  # noqa: S101
    if error.field is None:
        return Problem(404, "product-unknown", "No such product", str(error))
    extra = {"field": error.field, "limit": "the SKU of a product", "sku": error.sku}
    return Problem(422, "product-unknown", "A product is unknown", str(error), extra=extra)


PROBLEMS: Mapping[type[Exception], Callable[[Exception], Problem]] = {
    InvalidSale: _invalid_sale,
    UnknownProduct: _unknown_product,
    UnknownSale: lambda error: Problem(404, "sale-unknown", "No such sale", str(error)),
    SaleExists: lambda error: Problem(409, "sale-exists", "The sale id is taken", str(error)),
}
