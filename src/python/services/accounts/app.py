"""The composition root: everything is wired here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import web

from seawall.auth import PasswordHasher, TokenIssuer
from seawall.ratelimit import FallbackRateLimiter, MemoryRateLimiter, RateLimiter, Rule, ValkeyRateLimiter
from seawall.ratelimit.http import RATE_LIMITER, tell_rate_limits
from seawall.sql import STORE_AWAY, DatabaseClock, is_outage, open_database, upgrade
from seawall.valkey import open_valkey
from seawall.web import READINESS, background, every, try_again, web_service
from services.accounts import use_cases
from services.accounts.adapters.customers_sql import CustomersSql
from services.accounts.adapters.sessions_sql import SessionsSql
from services.accounts.entrypoints.http_api import ACCOUNTS, SIGN_IN, routes
from services.accounts.entrypoints.problems import PROBLEMS
from services.accounts.settings import AccountsSettings

MIGRATIONS = Path(__file__).parent / "migrations"

_PURGE_INTERVAL_SECONDS = 3600.0
_SYNC_SECONDS = 10.0
# Longer than where a local count stands in: the only other answer is no.
_LIMIT_SECONDS = 0.25


def build(settings: AccountsSettings) -> web.Application:
    """The application. It connects when it starts, not here."""
    lifetime = partial(_lifetime, settings)
    problems = {**PROBLEMS, **dict.fromkeys(STORE_AWAY, try_again)}
    app = web_service(settings, name="accounts", routes=routes, lifetime=lifetime, problems=problems)
    tell_rate_limits(app)
    return app


async def _lifetime(settings: AccountsSettings, app: web.Application) -> AsyncIterator[None]:
    database_url = settings.database_url.get_secret_value()
    async with open_database(database_url) as database, _rate_limiter(settings) as limiter:
        app[RATE_LIMITER] = limiter
        app[SIGN_IN] = _sign_in_rule(settings)
        await app[READINESS].needs("database", database.ping, is_outage)
        if settings.migrate_on_start:
            await upgrade(database_url, MIGRATIONS)
        clock = DatabaseClock(database)
        await clock.sync()
        tokens = TokenIssuer(settings.signing_key.get_secret_value(), clock=clock.time)
        with PasswordHasher() as passwords:
            accounts = use_cases.Accounts(
                CustomersSql(database), SessionsSql(database), passwords, tokens, clock.now
            )
            await _ensure_operator(accounts, settings)
            app[ACCOUNTS] = accounts
            purging = every(
                _PURGE_INTERVAL_SECONDS, partial(use_cases.forget_ended_sessions, accounts), Exception
            )
            syncing = every(_SYNC_SECONDS, clock.sync, Exception)
            async with background(purge=purging, clock=syncing) as jobs:
                app[READINESS].add("jobs", jobs.check)
                yield


@asynccontextmanager
async def _rate_limiter(settings: AccountsSettings) -> AsyncIterator[RateLimiter]:
    if settings.valkey_url is None:
        yield MemoryRateLimiter()
        return
    async with open_valkey(settings.valkey_url.get_secret_value()) as valkey:
        yield FallbackRateLimiter(
            ValkeyRateLimiter(valkey),
            replicas=settings.replicas * settings.workers,
            timeout_seconds=_LIMIT_SECONDS,
        )


def _sign_in_rule(settings: AccountsSettings) -> Rule:
    attempts, seconds = settings.sign_in_attempts, settings.sign_in_period_seconds
    return Rule("sign-in", limit=attempts, period_seconds=seconds, fail_closed=True)


async def _ensure_operator(accounts: use_cases.Accounts, settings: AccountsSettings) -> None:
    if settings.operator_email is not None and settings.operator_password is not None:
        password = settings.operator_password.get_secret_value()
        await use_cases.ensure_operator(accounts, settings.operator_email, password)
