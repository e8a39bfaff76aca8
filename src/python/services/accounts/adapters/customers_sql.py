"""The customers port on PostgreSQL."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from seawall.sql import Database
from services.accounts.adapters.tables import customers
from services.accounts.domain import Customer, EmailTaken

CUSTOMER_COLUMNS = (
    customers.c.customer_id,
    customers.c.email,
    customers.c.name,
    customers.c.role,
    customers.c.password_hash,
)


class CustomersSql:
    """Accounts in the table `customers`; its unique index on `email` decides who was first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, customer: Customer) -> None:
        """Stores a new account. Errors: EmailTaken."""
        statement = (
            insert(customers)
            .values(_row(customer))
            .on_conflict_do_nothing(index_elements=[customers.c.email])
            .returning(customers.c.customer_id)
        )
        async with self._database.transaction() as connection:
            added = (await connection.execute(statement)).first()
        if added is None:
            raise EmailTaken

    async def put_operator(self, operator: Customer) -> Customer:
        """Stores the account, or gives the one with its e-mail address its role and password."""
        proposed = insert(customers).values(_row(operator))
        statement = proposed.on_conflict_do_update(
            index_elements=[customers.c.email],
            set_={"role": proposed.excluded.role, "password_hash": proposed.excluded.password_hash},
        ).returning(*CUSTOMER_COLUMNS)
        async with self._database.transaction() as connection:
            return customer_of((await connection.execute(statement)).one())

    async def by_email(self, email: str) -> Customer | None:
        """The account with this address, if there is one."""
        return await self._find(customers.c.email == email)

    async def by_id(self, customer_id: str) -> Customer | None:
        """The account with this id, if there is one."""
        try:
            identity = uuid.UUID(customer_id)
        except ValueError:
            return None
        return await self._find(customers.c.customer_id == identity)

    async def set_password_hash(self, customer_id: str, password_hash: str) -> None:
        """Replaces the stored hash."""
        statement = (
            sa.update(customers)
            .where(customers.c.customer_id == uuid.UUID(customer_id))
            .values(password_hash=password_hash)
        )
        async with self._database.transaction() as connection:
            await connection.execute(statement)

    async def _find(self, condition: sa.ColumnElement[bool]) -> Customer | None:
        async with self._database.connection() as connection:
            row = (await connection.execute(sa.select(*CUSTOMER_COLUMNS).where(condition))).first()
        return customer_of(row) if row else None


def customer_of(row: Any) -> Customer:
    """A row with CUSTOMER_COLUMNS as a customer."""
    return Customer(str(row.customer_id), row.email, row.name, row.role, row.password_hash)


def _row(customer: Customer) -> dict[str, Any]:
    return {
        "customer_id": uuid.UUID(customer.customer_id),
        "email": customer.email,
        "name": customer.name,
        "role": customer.role,
        "password_hash": customer.password_hash,
    }
