"""The provider's book of charges: at most one per idempotency key, and none after its void."""

import time
from collections.abc import Callable
from enum import StrEnum

import msgspec


class ChargeState(StrEnum):
    """`charged` is the only state in which the customer's money is taken."""

    CHARGED = "charged"
    DECLINED = "declined"
    VOIDED = "voided"


class Charge(msgspec.Struct):
    """One charge. A tombstone (a void that came before its charge) has no charge id."""

    sequence: int
    idempotency_key: str
    charge_id: str | None
    amount_minor: int
    currency: str
    reference: str
    state: ChargeState
    created_at_ms: int


class KeyReusedError(Exception):
    """The idempotency key belongs to a charge of another amount, currency or reference."""


class KeyVoidedError(Exception):
    """The idempotency key was voided: nothing is ever charged under it again."""


class ChargeBook:
    """Charges in memory, in the order of their making. Each call is atomic on the event loop."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._charges: list[Charge] = []
        self._by_key: dict[str, Charge] = {}

    def charge(
        self, key: str, *, amount_minor: int, currency: str, reference: str, declined: bool
    ) -> tuple[Charge, bool]:
        """Returns the key's charge, and whether this call made it.

        Raises KeyVoidedError after a void, KeyReusedError where the key stands for something else.
        """
        known = self._by_key.get(key)
        if known is None:
            state = ChargeState.DECLINED if declined else ChargeState.CHARGED
            return self._add(key, amount_minor, currency, reference, state), True
        if known.state is ChargeState.VOIDED:
            raise KeyVoidedError(key)
        if (known.amount_minor, known.currency, known.reference) != (amount_minor, currency, reference):
            raise KeyReusedError(key)
        return known, False

    def void(self, key: str) -> Charge:
        """Gives the money back; an unknown key gets a tombstone. A declined charge stays declined."""
        charge = self._by_key.get(key)
        if charge is None:
            return self._add(key, 0, "", "", ChargeState.VOIDED)
        if charge.state is ChargeState.CHARGED:
            charge.state = ChargeState.VOIDED
        return charge

    def get(self, key: str) -> Charge | None:
        """Returns the key's charge or tombstone."""
        return self._by_key.get(key)

    def page(self, after: int, limit: int) -> list[Charge]:
        """Returns up to `limit` charges that were made after the one with sequence `after`."""
        return self._charges[after : after + limit]

    def _add(self, key: str, amount: int, currency: str, reference: str, state: ChargeState) -> Charge:
        sequence = len(self._charges) + 1
        # A declined charge has an id too: the provider has heard of it.
        charge_id = f"ch_{sequence:09d}" if amount or reference else None
        created_at_ms = int(self._clock() * 1000)
        charge = Charge(sequence, key, charge_id, amount, currency, reference, state, created_at_ms)
        self._charges.append(charge)
        self._by_key[key] = charge
        return charge
