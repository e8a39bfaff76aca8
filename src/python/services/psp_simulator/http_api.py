"""The provider's HTTP API: charges, voids, the book, and the behaviour to order."""

import asyncio
from collections.abc import Callable
from typing import Annotated

import msgspec
from aiohttp import web

from seawall.web import Problem, json_response, operation, query, read_json
from services.psp_simulator.behaviour import Behaviour, Director, Fate, Fault
from services.psp_simulator.charges import Charge, ChargeBook, KeyReusedError, KeyVoidedError

CHARGES = web.AppKey("CHARGES", ChargeBook)
DIRECTOR = web.AppKey("DIRECTOR", Director)

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class NewCharge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a charge; `reference` is the merchant's own name for what is paid."""

    idempotency_key: Key
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=10**12)]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    reference: Annotated[str, msgspec.Meta(max_length=64)]


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the book to read: after a charge's sequence."""

    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 500


class ChargePage(msgspec.Struct, frozen=True):
    """A part of the book; `next_after` is null at its end."""

    items: list[Charge]
    next_after: int | None


def routes() -> list[web.RouteDef]:
    """Returns the provider's routes."""
    return [
        web.post("/v1/charges", create_charge),
        web.get("/v1/charges", list_charges),
        web.get("/v1/charges/{idempotency_key}", show_charge),
        web.post("/v1/charges/{idempotency_key}/void", void_charge),
        web.get("/v1/behaviour", show_behaviour),
        web.put("/v1/behaviour", set_behaviour),
    ]


@operation(
    summary="Charge a customer, once per idempotency key",
    body=NewCharge,
    responses={200: Charge, 201: Charge, 409: None, 422: None, 503: None},
)
async def create_charge(request: web.Request) -> web.Response:
    new = await read_json(request, NewCharge)
    book = request.app[CHARGES]

    def act(fate: Fate) -> web.Response:
        charge, made = book.charge(
            new.idempotency_key,
            amount_minor=new.amount_minor,
            currency=new.currency,
            reference=new.reference,
            declined=fate.declined,
        )
        return json_response(charge, status=201 if made else 200)

    return await _perform(request, act)


@operation(summary="Void a charge, or refuse it before it comes", responses={200: Charge, 503: None})
async def void_charge(request: web.Request) -> web.Response:
    key = request.match_info["idempotency_key"]
    book = request.app[CHARGES]
    return await _perform(request, lambda _: json_response(book.void(key)))


@operation(summary="Read the book of charges", query=PageQuery, responses={200: ChargePage})
async def list_charges(request: web.Request) -> web.Response:
    page = query(request, PageQuery)
    items = request.app[CHARGES].page(page.after, page.limit)
    return json_response(ChargePage(items, items[-1].sequence if len(items) == page.limit else None))


@operation(summary="Read one charge", responses={200: Charge, 404: None})
async def show_charge(request: web.Request) -> web.Response:
    charge = request.app[CHARGES].get(request.match_info["idempotency_key"])
    if charge is None:
        raise Problem(404, "charge-unknown", "No charge has this idempotency key")
    return json_response(charge)


@operation(summary="Read how the provider behaves", responses={200: Behaviour})
async def show_behaviour(request: web.Request) -> web.Response:
    return json_response(request.app[DIRECTOR].behaviour)


@operation(summary="Set how the provider behaves", body=Behaviour, responses={200: Behaviour, 422: None})
async def set_behaviour(request: web.Request) -> web.Response:
    behaviour = await read_json(request, Behaviour)
    request.app[DIRECTOR].direct(behaviour)
    return json_response(behaviour)


async def _perform(request: web.Request, act: Callable[[Fate], web.Response]) -> web.Response:
    """Acts as fate has it; goes on if the caller gives up, who may therefore be charged nevertheless."""
    return await asyncio.shield(asyncio.ensure_future(_delayed(request, act)))


async def _delayed(request: web.Request, act: Callable[[Fate], web.Response]) -> web.Response:
    director = request.app[DIRECTOR]
    fate = director.fate()
    await asyncio.sleep(fate.delay_seconds)
    if fate.fault is Fault.ERROR:
        raise Problem(503, "provider-error", "The provider failed, as ordered")
    if fate.fault is Fault.TIMEOUT:
        return await _hang(request, director.behaviour.hang_seconds)
    response = _act(act, fate)
    if fate.fault is Fault.TIMEOUT_AFTER:
        return await _hang(request, director.behaviour.hang_seconds)
    return response


def _act(act: Callable[[Fate], web.Response], fate: Fate) -> web.Response:
    try:
        return act(fate)
    except KeyVoidedError:
        raise Problem(409, "voided", "This idempotency key was voided") from None
    except KeyReusedError:
        raise Problem(422, "idempotency-key-reused", "This key stands for another charge") from None


async def _hang(request: web.Request, hang_seconds: float) -> web.Response:
    """Keeps silent until the caller has gone, at most `hang_seconds`."""
    gone = asyncio.get_running_loop().create_task(_caller_gone(request))
    await asyncio.wait({gone}, timeout=hang_seconds)
    gone.cancel()
    raise Problem(504, "provider-timeout", "The provider kept silent, as ordered")


async def _caller_gone(request: web.Request) -> None:
    # aiohttp has no event for it: the transport is asked.
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110
        await asyncio.sleep(0.1)
