"""Sign up, sign in, sign out, and sessions that renew themselves."""

import asyncio

import pytest

FORM = {"name": "Ada", "email": "ada@example.org", "password": "correct horse", "next": "/sales/last-chance"}


def cookies(browser):
    return {cookie.key: cookie.value for cookie in browser.client.session.cookie_jar}


async def test_sign_up_signs_in(browser):
    """A new customer is signed in and back where they were, with cookies that scripts cannot read."""
    response = await browser.post("/sign-up", FORM)
    assert (response.status, response.headers["Location"]) == (303, "/sales/last-chance")
    for cookie in response.headers.getall("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie
    assert set(cookies(browser)) == {"seawall_token", "seawall_refresh"}
    assert "Sign out" in await browser.text("/")


async def test_cookies_are_secure_over_tls(browser):
    """Behind a gateway that ends TLS the cookies are marked Secure."""
    headers = {"Origin": browser.origin, "X-Forwarded-Proto": "https"}
    response = await browser.post("/sign-up", FORM, headers)
    assert all("Secure" in cookie for cookie in response.headers.getall("Set-Cookie"))


async def test_email_taken(browser):
    """A taken address is said at its field, and what was typed stays, but not the password."""
    await browser.post("/sign-up", FORM)
    response = await browser.post("/sign-up", FORM)
    text = await response.text()
    assert response.status == 409
    assert 'value="ada@example.org" aria-invalid="true"' in text
    assert "correct horse" not in text


async def test_short_password(browser):
    """A field that the API refuses is said at the field, in words for people."""
    response = await browser.post("/sign-up", FORM | {"password": "short"})
    text = await response.text()
    assert response.status == 422
    assert "8 to 128 characters" in text


async def test_sign_in_and_out(browser, api):
    """Signing in gives a session, signing out ends it here and at the API."""
    await browser.post("/sign-up", FORM)
    await browser.post("/sign-out", {})
    assert cookies(browser) == {}
    assert api.refresh_tokens == {}
    wrong = await browser.post("/sign-in", FORM | {"password": "wrong password"})
    assert wrong.status == 401
    assert "do not go together" in await wrong.text()
    right = await browser.post("/sign-in", FORM)
    assert (right.status, right.headers["Location"]) == (303, "/sales/last-chance")
    assert (await browser.get("/orders")).status == 200


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "x"])
async def test_nobody_is_sent_elsewhere(browser, target):
    """A crafted `next` leads to the home page."""
    response = await browser.post("/sign-up", FORM | {"next": target})
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://shop.example.evil.example", "Host": "shop.example"},
        {"Origin": "https://shop.example@evil.example", "Host": "shop.example"},
    ],
)
async def test_forms_of_other_sites(browser, headers):
    """A form that another site sent, or that nothing vouches for, is refused."""
    response = await browser.post("/sign-up", FORM, headers)
    assert response.status == 403
    assert cookies(browser) == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://shop.example", "Host": "shop.example"},
        {"Origin": "http://shop.example:8000", "Host": "shop.example"},
        {"Origin": "http://[::1]:8000", "Host": "[::1]"},
        {"Origin": "http://[::1]:8000", "Host": "[::1]:8000"},
        {"Origin": "http://Shop.example:8000", "Host": "shop.example:8000"},
    ],
)
async def test_forms_of_ours(browser, headers):
    """The browser's word is enough; else our name, with the port that a gateway may have cut off."""
    assert (await browser.post("/sign-up", FORM, headers)).status == 303


async def test_forms_that_are_no_forms(browser):
    """JSON and oversize forms are refused with a page that says so."""
    headers = {"Origin": browser.origin, "Content-Type": "application/json"}
    assert (await browser.client.post("/sign-up", data="{}", headers=headers)).status == 415
    response = await browser.post("/sign-up", FORM | {"name": "x" * 100_000})
    assert (response.status, response.content_type) == (413, "text/html")


async def test_expired_token_is_renewed(browser, api):
    """A page that the API answers with 401 renews the session and is shown."""
    await browser.sign_up()
    before = cookies(browser)
    api.expire_tokens()
    assert (await browser.get("/orders")).status == 200
    after = cookies(browser)
    assert before["seawall_token"] != after["seawall_token"]
    assert before["seawall_refresh"] != after["seawall_refresh"]


async def test_pages_loaded_together_renew_once(browser, api):
    """A refresh token of pages loaded together is used once: a second use would end the session."""
    await browser.sign_up()
    old = "; ".join(f"{name}={value}" for name, value in cookies(browser).items())
    api.expire_tokens()
    browser.client.session.cookie_jar.clear()
    pages = await asyncio.gather(*(browser.get("/orders", headers={"Cookie": old}) for _ in range(5)))
    assert [response.status for response in pages] == [200] * 5
    assert api.count("POST", "/v1/sessions/refresh") == 1
    assert (await browser.get("/orders", headers={"Cookie": old})).status == 200


async def test_session_that_is_over(browser, api):
    """With nothing left to renew, the customer signs in and comes back; the cookies are gone."""
    await browser.sign_up()
    api.expire_tokens()
    api.refresh_tokens.clear()
    response = await browser.get("/orders")
    assert (response.status, response.headers["Location"]) == (303, "/sign-in?next=%2Forders")
    assert cookies(browser) == {}
