"""The ports of the accounts service in memory, for tests."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from services.accounts.domain import Customer, EmailTaken, RefreshTokenRefused, RefreshTokenReused, Session


@dataclass
class FakeCustomers:
    rows: dict[str, Customer] = field(default_factory=dict)

    async def add(self, customer: Customer) -> None:
        if await self.by_email(customer.email):
            raise EmailTaken
        self.rows[customer.customer_id] = customer

    async def put_operator(self, operator: Customer) -> Customer:
        existing = await self.by_email(operator.email)
        kept = (
            replace(existing, role="operator", password_hash=operator.password_hash) if existing else operator
        )
        self.rows[kept.customer_id] = kept
        return kept

    async def by_email(self, email: str) -> Customer | None:
        return next((customer for customer in self.rows.values() if customer.email == email), None)

    async def by_id(self, customer_id: str) -> Customer | None:
        return self.rows.get(customer_id)

    async def set_password_hash(self, customer_id: str, password_hash: str) -> None:
        self.rows[customer_id] = replace(self.rows[customer_id], password_hash=password_hash)


@dataclass
class FakeSessions:
    customers: FakeCustomers
    rows: dict[str, Session] = field(default_factory=dict)
    session_of: dict[bytes, str] = field(default_factory=dict)
    spent: set[bytes] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)

    async def start(self, session: Session, token_digest: bytes) -> None:
        self.rows[session.session_id] = session
        self.session_of[token_digest] = session.session_id

    async def rotate(self, old_digest: bytes, new_digest: bytes, now: datetime) -> Customer:
        session_id = self.session_of.get(old_digest)
        if session_id is None:
            raise RefreshTokenRefused
        if old_digest in self.spent:
            self.revoked.add(session_id)
            raise RefreshTokenReused
        if session_id in self.revoked or self.rows[session_id].expires_at <= now:
            raise RefreshTokenRefused
        self.spent.add(old_digest)
        self.session_of[new_digest] = session_id
        return self.customers.rows[self.rows[session_id].customer_id]

    async def revoke(self, token_digest: bytes, now: datetime) -> None:
        if token_digest in self.session_of:
            self.revoked.add(self.session_of[token_digest])

    async def revoke_all(self, customer_id: str, now: datetime) -> None:
        self.revoked |= {row.session_id for row in self.rows.values() if row.customer_id == customer_id}

    async def forget_ended(self, before: datetime) -> int:
        gone = {row.session_id for row in self.rows.values() if row.expires_at < before}
        self.rows = {key: row for key, row in self.rows.items() if key not in gone}
        self.session_of = {digest: key for digest, key in self.session_of.items() if key not in gone}
        return len(gone)


@dataclass
class FakePasswords:
    """Hashes that can be read. Counts verifications: their number is what a visitor could time."""

    parameters: int = 1
    verifications: int = 0

    async def hash(self, password: str) -> str:
        return f"{self.parameters}:{password}"

    async def verify(self, encoded_hash: str | None, password: str) -> bool:
        self.verifications += 1
        return encoded_hash is not None and encoded_hash.partition(":")[2] == password

    def needs_rehash(self, encoded_hash: str) -> bool:
        return not encoded_hash.startswith(f"{self.parameters}:")


class FakeTokens:
    ttl_seconds = 900

    def issue(self, subject: str, role: str) -> str:
        return f"{role} {subject}"

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        return {"keys": []}
