"""The sessions port on PostgreSQL."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from seawall.sql import Database
from services.accounts.adapters.customers_sql import CUSTOMER_COLUMNS, customer_of
from services.accounts.adapters.tables import customers, refresh_tokens, sessions
from services.accounts.domain import Customer, RefreshTokenRefused, RefreshTokenReused, Session


class SessionsSql:
    """Sessions in `sessions`, digests of refresh tokens in `refresh_tokens`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, session: Session, token_digest: bytes) -> None:
        """Stores a session with its first refresh token."""
        session_id = uuid.UUID(session.session_id)
        async with self._database.transaction() as connection:
            await connection.execute(
                sa.insert(sessions).values(
                    session_id=session_id,
                    customer_id=uuid.UUID(session.customer_id),
                    started_at=session.started_at,
                    expires_at=session.expires_at,
                )
            )
            await connection.execute(
                sa.insert(refresh_tokens).values(token_digest=token_digest, session_id=session_id)
            )

    async def rotate(self, old_digest: bytes, new_digest: bytes, now: datetime) -> Customer:
        """Spends a refresh token for its successor. Errors: RefreshTokenReused, RefreshTokenRefused."""
        async with self._database.transaction() as connection:
            row = (await connection.execute(_rotation(old_digest, new_digest, now))).first()
            if row is not None:
                return customer_of(row)
            # A statement of its own: it sees what a rotation that ran at the same time has committed.
            reused = (await connection.execute(_revocation_after_reuse(old_digest, now))).first()
        if reused is not None:
            raise RefreshTokenReused
        raise RefreshTokenRefused

    async def revoke(self, token_digest: bytes, now: datetime) -> None:
        """Ends the session of a refresh token."""
        await self._revoke(_holds(token_digest), now)

    async def revoke_all(self, customer_id: str, now: datetime) -> None:
        """Ends all sessions of a customer."""
        await self._revoke(sessions.c.customer_id == uuid.UUID(customer_id), now)

    async def forget_ended(self, before: datetime) -> int:
        """Deletes sessions that expired before a time; their tokens go with them."""
        async with self._database.transaction() as connection:
            gone = await connection.execute(sa.delete(sessions).where(sessions.c.expires_at < before))
            return gone.rowcount

    async def _revoke(self, condition: sa.ColumnElement[bool], now: datetime) -> None:
        statement = sa.update(sessions).where(condition, sessions.c.revoked_at.is_(None))
        async with self._database.transaction() as connection:
            await connection.execute(statement.values(revoked_at=now))


def _rotation(old_digest: bytes, new_digest: bytes, now: datetime) -> sa.Select[Any]:
    """Spends the old token and stores the new one in one statement: of two at once, one finds it unspent."""
    spent = (
        sa.update(refresh_tokens)
        .where(
            refresh_tokens.c.token_digest == old_digest,
            refresh_tokens.c.rotated_at.is_(None),
            refresh_tokens.c.session_id == sessions.c.session_id,
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > now,
        )
        .values(rotated_at=now)
        .returning(sessions.c.session_id, sessions.c.customer_id)
        .cte("spent")
    )
    successor = (
        sa.insert(refresh_tokens)
        .from_select(
            ["token_digest", "session_id"],
            sa.select(sa.literal(new_digest, sa.LargeBinary), spent.c.session_id),
        )
        .returning(refresh_tokens.c.session_id)
        .cte("successor")
    )
    return (
        sa.select(*CUSTOMER_COLUMNS)
        .join(spent, spent.c.customer_id == customers.c.customer_id)
        .join(successor, successor.c.session_id == spent.c.session_id)
    )


def _revocation_after_reuse(digest: bytes, now: datetime) -> sa.UpdateBase:
    spent_before = refresh_tokens.c.rotated_at.is_not(None)
    return (
        sa.update(sessions)
        .where(_holds(digest, spent_before))
        .values(
            revoked_at=sa.func.coalesce(sessions.c.revoked_at, sa.literal(now, sa.DateTime(timezone=True)))
        )
        .returning(sessions.c.session_id)
    )


def _holds(digest: bytes, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a row of `sessions` is the session of this refresh token."""
    owner = sa.select(refresh_tokens.c.session_id).where(refresh_tokens.c.token_digest == digest, *conditions)
    return sessions.c.session_id.in_(owner)
