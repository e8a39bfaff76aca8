"""Which stack a rehearsal can be on."""

from dataclasses import replace

import pytest

from tools.devstack.process import ProcessId
from tools.devstack.stack import Stack
from tools.rehearsal.stack import missing_parts

OWNERS = ("catalog", "inventory", "orders", "payments")
WHOLE = Stack(
    supervisor=ProcessId(1, 0.0),
    started_at=0.0,
    gateway_url="http://shop",
    provider_url="http://provider",
    valkey_url="redis://valkey",
    databases={owner: f"postgresql://{owner}" for owner in OWNERS},
)


def test_a_whole_stack_lacks_nothing():
    """All that is driven or read is there."""
    assert missing_parts(WHOLE) == []


@pytest.mark.parametrize(
    ("stack", "missing"),
    [
        (replace(WHOLE, gateway_url=""), ["gateway"]),
        (replace(WHOLE, provider_url="", valkey_url=""), ["psp_simulator", "valkey"]),
        (replace(WHOLE, databases={"catalog": "x"}), ["inventory", "orders", "payments"]),
    ],
)
def test_what_was_left_out_is_named(stack, missing):
    """By the name that `up --only` knows it by."""
    assert missing_parts(stack) == missing
