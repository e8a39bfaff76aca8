"""Buying: once, whatever happens to the form."""

import asyncio

import pytest

from unit.services.storefront.fake_api import problem

ITEM = "/sales/last-chance/items/LGT-HARBOUR-BRS"
MANY = "/sales/autumn-drop/items/GLY-MUG-CHK"


async def test_buy_the_last_one(browser, api):
    """The last unit is ordered, its order is shown, and then it is sold out."""
    await browser.sign_up()
    form = await browser.fields(ITEM)
    response = await browser.post("/sales/last-chance/buy", form)
    assert response.status == 303
    assert "Harbour Lantern, Brass" in await browser.text(response.headers["Location"])
    page = await browser.text(ITEM)
    assert "Sold out" in page
    assert "Buy now" not in page


async def test_double_click(browser, api):
    """The same form sent twice at once is one order."""
    await browser.sign_up()
    form = await browser.fields(MANY) | {"quantity": "2"}
    first, second = await asyncio.gather(*(browser.post("/sales/autumn-drop/buy", form) for _ in range(2)))
    assert first.headers["Location"] == second.headers["Location"]
    assert len(api.orders) == 1


async def test_each_form_is_another_purchase(browser, api):
    """The form shown again has another key, so buying again is possible."""
    await browser.sign_up()
    for _ in range(2):
        await browser.post("/sales/autumn-drop/buy", await browser.fields(MANY) | {"quantity": "1"})
    assert len(api.orders) == 2


async def test_buy_with_an_expired_token(browser, api):
    """An expired token is renewed in the middle of the purchase."""
    await browser.sign_up()
    form = await browser.fields(ITEM)
    api.expire_tokens()
    response = await browser.post("/sales/last-chance/buy", form)
    assert response.headers["Location"].startswith("/orders/")


async def test_buy_signed_out(browser):
    """Who is signed out signs in first, and comes back to the item."""
    form = {"sku": "LGT-HARBOUR-BRS", "quantity": "1", "key": "k" * 32}
    response = await browser.post("/sales/last-chance/buy", form)
    assert response.status == 303
    assert response.headers["Location"].endswith("items%2FLGT-HARBOUR-BRS")


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (409, "sold-out", "Somebody was quicker"),
        (410, "gone", "Somebody was quicker"),
        (409, "customer-cap-reached", "more than your share"),
        (409, "sale-not-open", "not open"),
        (404, "sale-unknown", "No such sale"),
        (422, "idempotency-key-reused", "used already"),
        (429, "quota-exceeded", "One moment"),
    ],
)
async def test_refusals_in_words(browser, api, status, kind, words):
    """Each refusal of the API is a page in words, with its status and a way back."""
    await browser.sign_up()
    form = await browser.fields(ITEM)
    api.next_answers.append(problem(status, kind))
    response = await browser.post("/sales/last-chance/buy", form)
    text = await response.text()
    assert response.status == status
    assert words in text
    assert "/sales/last-chance" in text


async def test_unknown_outcome_can_be_repeated(browser, api):
    """When the API does not answer, the same form with the same key is offered again."""
    await browser.sign_up()
    form = await browser.fields(ITEM)
    api.next_answers.append(problem(503, "overloaded"))
    response = await browser.post("/sales/last-chance/buy", form)
    text = await response.text()
    assert response.status == 503
    assert "Retry-After" in response.headers
    assert form["key"] in text
    assert (await browser.post("/sales/last-chance/buy", form)).status == 303


@pytest.mark.parametrize("change", [{"quantity": "0"}, {"quantity": "11"}, {"quantity": "x"}, {"key": "?"}])
async def test_forms_that_were_tampered_with(browser, api, change):
    """A bad quantity or key never reaches the API."""
    await browser.sign_up()
    form = await browser.fields(ITEM) | change
    assert (await browser.post("/sales/last-chance/buy", form)).status == 422
    assert api.orders == {}


async def test_order_page_follows_the_order(browser, api):
    """An open order has a stream for scripts, a refresh for browsers without; a final one neither."""
    await browser.sign_up()
    response = await browser.post("/sales/last-chance/buy", await browser.fields(ITEM))
    path = response.headers["Location"]
    text = await browser.text(path)
    assert f'data-events="/v1{path}/events"' in text
    assert '<noscript><meta http-equiv="refresh"' in text
    api.orders[path.split("/")[-1]]["state"] = "confirmed"
    text = await browser.text(path)
    assert "data-events" not in text
    assert "http-equiv" not in text
    assert "Confirmed. It is yours." in text


async def test_cancelled_order_says_why(browser, api):
    """The reason of a cancellation is said in words."""
    await browser.sign_up()
    response = await browser.post("/sales/last-chance/buy", await browser.fields(ITEM))
    path = response.headers["Location"]
    api.orders[path.split("/")[-1]] |= {"state": "cancelled", "reason": "declined"}
    assert "Your payment was declined" in await browser.text(path)


async def test_orders_of_others(browser):
    """Somebody else's order is not there."""
    await browser.sign_up()
    response = await browser.post("/sales/last-chance/buy", await browser.fields(ITEM))
    await browser.post("/sign-out", {})
    await browser.sign_up("eve@example.org")
    assert (await browser.get(response.headers["Location"])).status == 404
    assert "not ordered anything" in await browser.text("/orders")


async def test_own_orders(browser):
    """The list names what was bought, and its state."""
    await browser.sign_up()
    await browser.post("/sales/last-chance/buy", await browser.fields(ITEM))
    text = await browser.text("/orders")
    assert "Harbour Lantern, Brass" in text
    assert "Accepted" in text
