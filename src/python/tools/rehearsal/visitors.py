"""What each arrival does: it browses the shop, or buys from the sale."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tools.rehearsal.customers import Customer


@dataclass(frozen=True, slots=True)
class Visit:
    """One arrival's request."""

    kind: str
    request: bytes


class Visitors:
    """Draws what each arrival does: browse the shop, or buy from the sale. Seeded."""

    def __init__(
        self,
        customers: Sequence[Customer],
        *,
        host: str,
        sale_id: str,
        skus: Sequence[str],
        browse_ratio: float,
        largest_quantity: int,
        seed: int,
    ) -> None:
        self._rng = random.Random(f"visits-{seed}")
        self._customers = customers
        self._skus = skus
        self._browse_ratio = browse_ratio
        self._largest_quantity = largest_quantity
        self._run = f"{sale_id}-{seed}"
        self._browse = [Visit(kind, _get(path, host)) for kind, path in _pages(sale_id, skus)]
        self._buy_head = f"POST /v1/sales/{sale_id}/orders HTTP/1.1\r\nhost: {host}\r\n"
        self._number = 0

    def next(self) -> Visit:
        """Returns the next arrival's visit; each purchase has an idempotency key of its own."""
        if self._rng.random() < self._browse_ratio:
            return self._rng.choice(self._browse)
        self._number += 1
        customer = self._rng.choice(self._customers)
        quantity = 1 if self._rng.random() < 0.8 else self._rng.randint(1, self._largest_quantity)
        body = f'{{"sku":"{self._rng.choice(self._skus)}","quantity":{quantity}}}'
        request = (
            f"{self._buy_head}authorization: Bearer {customer.token}\r\n"
            f"idempotency-key: {self._run}-{self._number}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}"
        )
        return Visit("buy", request.encode())


def _pages(sale_id: str, skus: Sequence[str]) -> Iterable[tuple[str, str]]:
    yield "browse sales", "/v1/sales"
    yield "browse sale", f"/v1/sales/{sale_id}"
    yield "browse products", "/v1/products?limit=20"
    yield "browse product", f"/v1/products/{skus[0]}"
    yield "browse stock", f"/v1/sales/{sale_id}/stock"


def _get(path: str, host: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()
