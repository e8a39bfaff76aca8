"""The page of all calls says what the code does."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from seawall.cache.valkey_store import open_valkey_store
from seawall.otlp import exporter
from seawall.ratelimit import FallbackRateLimiter
from seawall.resilience import server_watch
from seawall.sql import open_database
from services.accounts import app as accounts
from services.gateway.envoy_config import rate_limits
from services.gateway.route_file import PACKAGED_ROUTES, load_routes
from services.inventory import app as inventory
from services.orders import app as orders
from services.orders.adapters import holds_grpc, inventory_policy
from services.payments.adapters.provider_http import circuit
from services.payments.settings import Settings
from services.storefront import api_client

PAGE = Path("docs/calls.md")
FIGURE = re.compile(r"`([\d_.]+)`")
ROUTES = load_routes(PACKAGED_ROUTES)


def default(function: Any, name: str) -> float:
    value = inspect.signature(function).parameters[name].default
    assert isinstance(value, int | float)
    return value


def setting(name: str) -> float:
    value = Settings.model_fields[name].default
    assert isinstance(value, int | float)
    return value


def of_the_gateway() -> list[float]:
    placing = next(route for route in ROUTES.routes if route.name == "place-order")
    most = ROUTES.services["orders"]
    assert most.max_high_priority_requests is not None
    return [
        placing.timeout_seconds,
        ROUTES.services["catalog"].max_requests,
        most.max_requests,
        most.max_high_priority_requests,
    ]


def of_inventory() -> list[float]:
    bounds = inventory_policy.CIRCUIT
    return [
        inventory_policy.TIMEOUT_SECONDS,
        bounds.least_calls,
        bounds.window_seconds,
        bounds.bad_share,
        bounds.slow_seconds,
        bounds.open_seconds,
        bounds.most_open_seconds,
        holds_grpc.CALLS_AT_ONCE,
    ]


def of_the_provider() -> list[float]:
    bounds = circuit(setting("provider_timeout_seconds"))._circuit._settings
    return [
        setting("provider_timeout_seconds"),
        bounds.window_seconds,
        bounds.open_seconds,
        bounds.most_open_seconds,
        setting("charge_concurrency"),
    ]


def of_the_api() -> list[float]:
    bounds, at_once = api_client.CIRCUIT, api_client.CALLS_AT_ONCE
    return [
        default(api_client.ShopApi, "timeout_seconds"),
        bounds.slow_seconds,
        bounds.open_seconds,
        bounds.most_open_seconds,
        at_once.max_concurrent,
        at_once.max_wait_seconds,
    ]


def of_postgres() -> list[float]:
    return [
        default(open_database, "statement_timeout_seconds"),
        server_watch.SILENT_SECONDS,
        server_watch.PROBE_SECONDS,
        orders.DATABASE_CONNECTIONS,
        inventory.DATABASE_CONNECTIONS,
    ]


FIGURES = {
    "gateway → a service": of_the_gateway(),
    "Envoy → its rate limit service": [rate_limits.TIMEOUT_SECONDS],
    "rate limit service → Valkey": [
        default(FallbackRateLimiter, "timeout_seconds"),
        default(FallbackRateLimiter, "pause_seconds"),
    ],
    "orders → inventory, HoldMany": of_inventory(),
    "payments → the provider": of_the_provider(),
    "storefront → the API": of_the_api(),
    "any → PostgreSQL": of_postgres(),
    "inventory → Valkey, holds": [inventory.VALKEY_TIMEOUT_SECONDS, inventory.VALKEY_CONNECTIONS],
    "catalog → Valkey, cache": [
        default(open_valkey_store, "timeout_seconds"),
        default(open_valkey_store, "max_connections"),
    ],
    "accounts → Valkey, rate limit": [
        accounts._LIMIT_SECONDS,
        default(FallbackRateLimiter, "pause_seconds"),
    ],
    "any → the collector of traces": [exporter.TIMEOUT_SECONDS, exporter.QUEUE_SPANS],
}


def rows() -> dict[str, list[float]]:
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and "→" in line:
            call, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            found[call] = [float(figure) for cell in cells for figure in FIGURE.findall(cell)]
    return found


@pytest.mark.parametrize("call", FIGURES)
def test_the_figures_of_a_call_are_those_of_the_code(call: str) -> None:
    """In the order in which they stand in its row."""
    assert rows()[call] == pytest.approx(FIGURES[call])


def test_no_call_is_told_twice_and_none_is_bare() -> None:
    """Every row fills every column."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if "→" in line]
    assert len(rows()) == len(lines)
    assert all(len([cell for cell in line.strip("|").split("|") if cell.strip()]) == 6 for line in lines)
