"""A person in front of the shop: sees a sale, signs up, buys, and watches the order."""

import re
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, expect

from browser.conftest import Shop

LAST_ONE = "/sales/last-chance/items/LGT-HARBOUR-BRS"
PLENTY = "/sales/autumn-drop/items/GLY-MUG-CHK"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
ORDER_SECONDS = 30


async def sign_up(page: Page, unique: str) -> None:
    """Fills in the form that the item page leads to."""
    await page.get_by_role("link", name="or make an account").click()
    await page.get_by_label("Name").fill("Ada Lovelace")
    await page.get_by_label("E-mail address").fill(f"{unique}@example.org")
    await page.get_by_label("Password").fill("a long enough password")
    await page.get_by_role("main").get_by_role("button", name="Sign up").click()


async def watch(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and what goes wrong on it: script errors and what the security policy refuses."""
    page = await context.new_page()
    wrongs: list[str] = []
    page.on("pageerror", lambda error: wrongs.append(str(error)))
    page.on("console", lambda line: wrongs.append(line.text) if line.type == "error" else None)
    return page, wrongs


async def test_buy_the_last_one_and_watch_it(shop: Shop, chromium: Browser, unique: str) -> None:
    """The last item is bought, its order becomes confirmed without a reload, and then it is sold out."""
    context = await chromium.new_context(base_url=shop.url)
    page, wrongs = await watch(context)
    await page.goto("/")
    await page.get_by_role("link", name="Last Chance at the Quay").click()
    card = page.locator('[data-sku="LGT-HARBOUR-BRS"]')
    await expect(card.get_by_text("Last one")).to_be_visible()
    await card.get_by_role("link").click()
    await sign_up(page, unique)
    await page.evaluate("window.notReloaded = true")
    await page.get_by_role("button", name="Buy now").click()
    await page.wait_for_url("**/orders/*")
    await page.evaluate("window.notReloaded = true")
    await expect(page.get_by_role("status")).to_have_text(
        re.compile("Confirmed"), timeout=ORDER_SECONDS * 1000
    )
    assert await page.evaluate("window.notReloaded === true")
    await page.goto(LAST_ONE)
    await expect(page.get_by_text("Sold out", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Buy now")).to_have_count(0)
    await page.goto("/orders")
    await expect(page.get_by_role("link", name="Harbour Lantern, Brass")).to_be_visible()
    assert wrongs == []


async def test_buy_without_scripts(shop: Shop, chromium: Browser, unique: str) -> None:
    """Without JavaScript the same purchase works; page and session renew themselves."""
    context = await chromium.new_context(base_url=shop.url, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(PLENTY)
    await sign_up(page, unique)
    await page.get_by_label("Quantity").select_option("2")
    await page.get_by_role("button", name="Buy now").click()
    await page.wait_for_url("**/orders/*")
    await expect(page.get_by_role("status")).to_have_text(
        re.compile("Confirmed"), timeout=ORDER_SECONDS * 1000
    )
    await context.clear_cookies(name="seawall_token")  # as the browser does when it has expired
    await page.goto("/orders")
    await expect(page.get_by_text("2 pieces")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await page.goto("/orders")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_buy_on_a_phone(shop: Shop, chromium: Browser, unique: str) -> None:
    """On a small screen no page is wider than it, and a double tap orders once."""
    context = await chromium.new_context(base_url=shop.url, **PHONE)
    page, wrongs = await watch(context)
    for path in ("/", "/products", "/sales/autumn-drop", "/sales/winter-preview", PLENTY):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    await sign_up(page, unique)
    await page.get_by_role("button", name="Buy now").dblclick()
    await page.wait_for_url("**/orders/*")
    await expect(page.get_by_role("status")).to_have_text(
        re.compile("Confirmed"), timeout=ORDER_SECONDS * 1000
    )
    await page.goto("/orders")
    await expect(page.locator(".orders > li")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wrongs == []


async def test_keyboard_only(shop: Shop, chromium: Browser) -> None:
    """The first Tab reaches the skip link, which leads to the content; what has the focus shows it."""
    context = await chromium.new_context(base_url=shop.url)
    page = await context.new_page()
    await page.goto("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Last Chance at the Quay")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Last Chance at the Quay")).to_be_visible()
