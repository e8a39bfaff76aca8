"""Pages that anybody can look at."""

from xml.etree import ElementTree

import pytest

from unit.services.storefront.fake_api import close_sale, problem


async def test_home_lists_sales_by_phase(browser, api):
    """Open, coming and past sales stand under their own headings."""
    close_sale(api, "autumn-drop")
    text = await browser.text("/")
    order = [text.index(words) for words in ("Open now</h2>", "Coming up</h2>", "Over</h2>")]
    assert order == sorted(order)
    assert all(sale["title"] in text for sale in api.sales.values())


async def test_the_sale_that_ends_first_stands_first(browser, api):
    """Among open sales the one that ends soonest comes first."""
    text = await browser.text("/")
    assert text.index(api.sales["last-chance"]["title"]) < text.index(api.sales["autumn-drop"]["title"])


async def test_upcoming_sale_counts_down(browser):
    """An upcoming sale says when it opens, with a moment that the script counts down to."""
    text = await browser.text("/sales/winter-preview")
    assert "data-countdown=" in text
    assert "Opens" in text


async def test_stock_badges(browser, api):
    """A sale shows what is left: sold out, the last one, a few, plenty."""
    api.stock["last-chance"] |= {"GLY-KETTLE-COP": 0, "SWM-BOARD-ASH": 11}
    text = await browser.text("/sales/last-chance")
    for words in ("Sold out", "Last one", "Only 3 left", "11 in stock"):
        assert words in text


async def test_sale_without_stock_service(browser, api):
    """With inventory down the sale is still shown, without badges."""
    api.stock_is_down = True
    response = await browser.get("/sales/last-chance")
    text = await response.text()
    assert response.status == 200
    assert "Harbour Lantern" in text
    assert "Last one" not in text


async def test_item_asks_strangers_to_sign_in(browser):
    """Who is not signed in gets a link that leads back to the item."""
    text = await browser.text("/sales/last-chance/items/LGT-HARBOUR-BRS")
    assert "/sign-in?next=/sales/last-chance/items/LGT-HARBOUR-BRS" in text
    assert 'action="/sales/last-chance/buy"' not in text


async def test_products_page_by_page(browser):
    """The goods go on to the next page, and each has a page of its own."""
    text = await browser.text("/products")
    assert "/products?cursor=24" in text
    assert text.count('class="card"') == 24
    assert "Undertow Dry Bag" in await browser.text("/products/BAG-DRYBAG-BUO")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/sales/none",
        "/sales/last-chance/items/NONE",
        "/sales/last-chance/items/JKT-SQUALL-NVY",
        "/products/..%2fx",
    ],
)
async def test_unknown_addresses(browser, path):
    """What does not exist is a friendly page with status 404."""
    response = await browser.get(path)
    text = await response.text()
    assert response.status == 404
    assert response.content_type == "text/html"
    assert "See all sales" in text


async def test_names_are_escaped(browser, api):
    """Markup in a name is shown, not obeyed."""
    api.sales["last-chance"]["title"] = "<script>alert(1)</script>"
    text = await browser.text("/sales/last-chance")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


async def test_api_that_is_down(browser, api_server):
    """With the API gone a page says so: 503, and when to come back."""
    await api_server.close()
    response = await browser.get("/")
    assert response.status == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "not answering" in await response.text()


async def test_retry_after_of_the_api(browser, api):
    """The API's own Retry-After is passed on."""
    answer = problem(503, "overloaded")
    answer.headers["Retry-After"] = "17"
    api.next_answers.append(answer)
    response = await browser.get("/")
    assert (response.status, response.headers["Retry-After"]) == (503, "17")


async def test_security_headers(browser):
    """No inline script or style is allowed, no framing, no sniffing; and the pages hold none."""
    response = await browser.get("/sales/last-chance")
    text = await response.text()
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "<style" not in text
    assert " style=" not in text
    assert "onclick" not in text


async def test_error_pages_carry_security_headers(browser):
    """Also a page that does not exist is protected."""
    response = await browser.get("/nothing")
    assert "Content-Security-Policy" in response.headers


async def test_assets_are_kept_by_digest(browser):
    """The style sheet's address changes with its content, so it may be kept for a year."""
    text = await browser.text("/")
    path = text.split('rel="stylesheet" href="')[1].split('"')[0]
    response = await browser.get(path)
    assert (response.content_type, response.charset) == ("text/css", "utf-8")
    assert "immutable" in response.headers["Cache-Control"]
    again = await browser.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status == 304
    assert (await browser.get("/static/none.css")).status == 404


async def test_every_product_has_a_picture(browser, api):
    """Each SKU has a well-formed picture, the same every time; no two products look the same."""
    pictures = {}
    for sku in api.products:
        response = await browser.get(f"/art/{sku}.svg")
        assert response.content_type == "image/svg+xml"
        pictures[sku] = await response.text()
        ElementTree.fromstring(pictures[sku])
    assert len(set(pictures.values())) == len(pictures)
    assert await browser.text("/art/BAG-TOTE-NVY.svg") == pictures["BAG-TOTE-NVY"]


@pytest.mark.parametrize("name", ["X", "A-B", "ünknown-thing", "%22%3E%3Cscript%3E", "sales/any-sale"])
async def test_pictures_of_anything(browser, name):
    """A name that follows no scheme gets a picture too, and never gets into it as markup."""
    response = await browser.get(f"/art/{name}.svg")
    text = await response.text()
    assert response.status == 200
    assert "script" not in text
    ElementTree.fromstring(text)
