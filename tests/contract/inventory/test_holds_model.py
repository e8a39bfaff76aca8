"""Random histories: the Lua scripts and the model in memory answer alike."""

import asyncio
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.valkey import open_valkey
from services.inventory.adapters.holds_valkey import ValkeyHolds
from services.inventory.domain import Position
from services.inventory.ports import SaleNotLoaded
from unit.services.inventory.fakes import InMemoryHolds, a_sale, a_wish

orders = st.sampled_from(["o1", "o2", "o3", "o4", "o5"])
wishes = st.tuples(
    orders, st.integers(1, 3), st.sampled_from(["ann", "bob"]), st.sampled_from(["cup", "mug"])
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.lists(wishes, min_size=1, max_size=4)),
        st.tuples(st.just("take and lapse"), st.lists(wishes, min_size=1, max_size=4)),
        st.tuples(st.just("settle"), st.lists(st.tuples(wishes, st.booleans()), min_size=1, max_size=4)),
        st.tuples(st.just("begin"), st.sampled_from(["t1", "t2"])),
        st.tuples(st.just("load"), st.tuples(st.sampled_from(["t1", "t2"]), st.lists(wishes, max_size=3))),
        st.tuples(st.just("finish"), st.sampled_from(["t1", "t2"])),
        st.tuples(st.just("lapse"), st.none()),
    ),
    max_size=25,
)


async def perform(step, argument, sale, holds, lapsing):
    """What the port answers to one step."""

    def wish(values):
        return a_wish(*values, sale_id=sale.sale_id)

    try:
        match step:
            case "take":
                return await holds.take(sale.sale_id, [wish(values) for values in argument])
            case "take and lapse":
                return await lapsing.take(sale.sale_id, [wish(values) for values in argument])
            case "settle":
                return await holds.settle([Position(wish(values), kept) for values, kept in argument])
            case "begin":
                return await holds.begin_load(sale.sale_id, argument)
            case "load":
                positions = [Position(wish(values), kept=True) for values in argument[1]]
                return await holds.load(sale.sale_id, argument[0], positions)
            case "finish":
                return await holds.finish_load(sale.sale_id, argument, sale.items)
            case "lapse":
                return await holds.lapse(sale.sale_id)
    except SaleNotLoaded:
        return "not loaded"


async def shown(holds, sale_id):
    try:
        return await holds.stock(sale_id)
    except SaleNotLoaded:
        return "not loaded"


async def compare(history, is_open, valkey_url):
    sale = a_sale(uuid.uuid4().hex, stock=4, cap=3, skus=("cup", "mug"))
    model = InMemoryHolds()
    model_ports = (model, InMemoryHolds(model.sales, lapsing=True))
    async with open_valkey(valkey_url) as valkey:
        real_ports = (ValkeyHolds(valkey, hold_seconds=3_600), ValkeyHolds(valkey, hold_seconds=0))
        opening = [("begin", "t0"), ("finish", "t0")] if is_open else []
        for step, argument in [*opening, *history]:
            expected = await perform(step, argument, sale, *model_ports)
            assert await perform(step, argument, sale, *real_ports) == expected, (step, argument)
            assert await shown(real_ports[0], sale.sale_id) == await shown(model, sale.sale_id)


@pytest.mark.parametrize("is_open", [True, False])
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(history=steps)
def test_scripts_and_model_agree(history, is_open, valkey_url):
    """Whatever happens to a sale in whatever order, every answer and the stock shown are the same."""
    asyncio.run(compare(history, is_open, valkey_url))
