"""Templates to responses; everything that a template prints is escaped."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from services.storefront.session import SESSION

_TEMPLATES = Path(__file__).parent / "templates"
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


class Pages:
    """The templates, compiled once."""

    def __init__(self, asset_url: Callable[[str], str]) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(money=money, moment=moment, span=span)
        self._environment.globals.update(asset=asset_url)

    def text(self, template: str, **values: Any) -> str:
        """The template filled with the values."""
        return self._environment.get_template(template).render(values)


PAGES: web.AppKey[Pages] = web.AppKey("pages", Pages)


def page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """An HTML response; pages differ by customer and hold one-time keys, so nobody stores them."""
    text = request.app[PAGES].text(
        template,
        signed_in=request[SESSION].is_signed_in,
        here=request.path_qs,
        now=datetime.now(UTC),
        **values,
    )
    return web.Response(
        text=text, status=status, content_type="text/html", headers={"Cache-Control": "no-store"}
    )


def money(minor: int, currency: str) -> str:
    """Cents as a price: 123456 EUR is €1,234.56, and whole amounts go without cents."""
    text = f"{minor // 100:,}" if minor % 100 == 0 else f"{minor / 100:,.2f}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{text}" if symbol else f"{text} {currency}"


def moment(value: datetime) -> str:
    """A date and time that reads well: 24 November 2026, 10:00 UTC."""
    return f"{value.day} {value.astimezone(UTC):%B %Y, %H:%M} UTC"


def span(value: timedelta) -> str:
    """A length of time in its two largest units: 6 days 23 hours."""
    minutes = max(0, int(value.total_seconds())) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    words = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
    return " ".join(words[:2]) or "less than a minute"
