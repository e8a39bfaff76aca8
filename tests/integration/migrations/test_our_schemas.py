"""The migrations of our services keep the promise of expand."""

from pathlib import Path

import pytest

import services.orders.app
from seawall.sql.expand_lint import lint_expand

SERVICES = Path(services.orders.app.__file__).parents[1]
NAMES = ("accounts", "catalog", "inventory", "orders", "payments")


@pytest.mark.parametrize("service", NAMES)
def test_expand_only_adds(service: str) -> None:
    """Nothing that the last release uses is taken away or locked."""
    assert lint_expand(SERVICES / service / "migrations") == []
