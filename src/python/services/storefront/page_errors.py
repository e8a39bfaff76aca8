"""Every error becomes a page that says what happened and what can be done."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from aiohttp import web

from services.storefront.errors import ApiProblem, ApiUnavailable, CrossSiteForm, SignInNeeded
from services.storefront.rendering import page
from services.storefront.session import open_session

_logger = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an error page says; `links` are (label, address), `retry_after_seconds` also becomes a header."""

    status: int
    title: str
    text: str
    links: tuple[tuple[str, str], ...] = (("See all sales", "/"),)
    retry_after_seconds: int | None = None
    retry_form: tuple[str, dict[str, str]] | None = field(default=None)


_KNOWN = {
    "sold-out": ("Sold out", "Somebody was quicker: there are not enough of these left for your order."),
    "customer-cap-reached": (
        "That would be more than your share",
        "So that there is some for everybody, one customer may only order so many of this item.",
    ),
    "sale-not-open": ("This sale is not open", "It has not opened yet, or it is over. Nothing was ordered."),
    "sale-unknown": ("No such sale", "This sale is not one of ours, or no longer."),
    "item-unknown": ("Not in this sale", "This item is not part of the sale."),
    "product-unknown": ("No such product", "We do not know this product."),
    "idempotency-key-reused": (
        "This form was used already",
        "An order was placed from it with other content. Open the item again to place another one.",
    ),
}


def describe(error: Exception) -> Trouble:
    """What to say about an error."""
    if isinstance(error, ApiUnavailable):
        return Trouble(
            503,
            "The shop is not answering",
            "Something behind the counter is busy or down. It is not your fault, and it is usually short.",
            retry_after_seconds=error.retry_after_seconds,
        )
    if isinstance(error, CrossSiteForm):
        return Trouble(
            403, "That form did not come from here", "For your safety it was not processed. Please try again."
        )
    if isinstance(error, ApiProblem):
        return _describe_problem(error)
    if isinstance(error, web.HTTPException):
        return _describe_http(error)
    return Trouble(500, "That went wrong", "The fault is ours and has been noted. Please try again.")


def _describe_problem(problem: ApiProblem) -> Trouble:
    if problem.type in _KNOWN:
        title, text = _KNOWN[problem.type]
        return Trouble(problem.status, title, text)
    if problem.status == 410:
        return Trouble(410, *_KNOWN["sold-out"])
    if problem.status == 404:
        return Trouble(404, "Nothing here", "What you are looking for is not here, or is not yours to see.")
    if problem.status == 429:
        text = "You are asking faster than we can answer. Take a breath and try again."
        return Trouble(429, "One moment", text, retry_after_seconds=5)
    if 400 <= problem.status < 500:
        return Trouble(
            problem.status, problem.title or "That was refused", problem.detail or "Please try again."
        )
    return Trouble(502, "That went wrong", "The fault is ours and has been noted. Please try again.")


def _describe_http(error: web.HTTPException) -> Trouble:
    if error.status == 404:
        return Trouble(404, "Nothing here", "There is no such page. The tide may have taken it.")
    if error.status == 405:
        return Trouble(405, "Not like this", "This page cannot be asked for in that way.")
    return Trouble(error.status, "That was refused", "The request cannot be processed as it is.")


def trouble_page(request: web.Request, trouble: Trouble) -> web.Response:
    """The error page, with Retry-After where waiting helps."""
    response = page(request, "trouble.html", status=trouble.status, trouble=trouble)
    if trouble.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(trouble.retry_after_seconds)
    return response


@web.middleware
async def errors_as_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Opens the session, answers errors with pages, and writes changed session cookies."""
    session = open_session(request)
    response = await _answer(request, handler)
    session.write_to(response, secure=request.headers.get("X-Forwarded-Proto") == "https")
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except SignInNeeded:
        here = request.path_qs if request.method in ("GET", "HEAD") else "/"
        return see_other(f"/sign-in?next={quote(here, safe='')}")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = trouble_page(request, describe(error))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except (ApiProblem, ApiUnavailable, CrossSiteForm) as error:
        _logger.warning("page refused", extra={"path": request.path, "reason": str(error)})
        return trouble_page(request, describe(error))
    except Exception as error:
        _logger.exception("page failed", extra={"path": request.path})
        return trouble_page(request, describe(error))


def see_other(path: str) -> web.Response:
    """A redirect that turns a POST into a GET, so that a reload repeats nothing."""
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})
