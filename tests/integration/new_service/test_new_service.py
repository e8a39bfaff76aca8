"""`./pants new-service reviews`, in a copy of the checkout."""

from pathlib import Path

import aiohttp

TESTS = [f"tests/{kind}/reviews" for kind in ("unit/services", "contract", "integration")]


def test_a_new_service_passes_its_own_tests(reviews):
    """As it was written, and on the real PostgreSQL."""
    done = reviews.run("pytest", "-q", *TESTS)
    assert done.returncode == 0, done.stdout


async def test_a_new_service_runs_behind_the_gateway(stack):
    """A customer who signs in adds a review through the public address, and gets it."""
    reviews = f"{stack.gateway_url}/v1/reviews"
    who = {"email": stack.customer_email, "password": stack.customer_password}
    async with aiohttp.ClientSession() as http:
        assert (await http.post(reviews, json={"text": "a text"})).status == 401
        session = await (await http.post(f"{stack.gateway_url}/v1/sessions", json=who)).json()
        headers = {"Authorization": f"Bearer {session['access_token']}", "Idempotency-Key": "key"}
        posted = await http.post(reviews, json={"text": "a text"}, headers=headers)
        assert posted.status == 201, await posted.text()
        added = await posted.json()
        got = await http.get(f"{reviews}/{added['review_id']}", headers=headers)
        assert await got.json() == added


def test_a_dry_run_writes_nothing(checkout):
    """It says what would be written."""
    before = checkout.files()
    told = checkout.run("tools.new_service.cli", "reviews", "--dry-run")
    assert told.returncode == 0
    assert "src/python/services/reviews/app.py" in told.stdout
    assert checkout.files() == before


def test_a_taken_name_is_refused_in_one_line(reviews):
    """The service stays as it is."""
    before = reviews.files()
    again = reviews.run("tools.new_service.cli", "reviews")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == (
        f"new-service: reviews: the name is taken, by {Path('src/python/services/reviews')}\n"
    )
    assert reviews.files() == before
