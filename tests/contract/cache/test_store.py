"""What every second level promises."""

import asyncio

import pytest

from seawall.testing import until

KEYS = ["k", "with space", "größe", "x" * 400, "{braced}", "line\nbreak", ""]


@pytest.mark.parametrize("key", KEYS)
async def test_what_is_filled_is_read(store, other, key):
    """As it was, to the byte, from every process."""
    value = bytes(range(256))
    assert await store.read(key) is None
    lease = await store.lease(key, 10)
    assert await store.fill(lease, value, 10)
    assert await other.read(key) == value


async def test_an_empty_value_is_a_value(store):
    """It differs from none."""
    await store.fill(await store.lease("k", 10), b"", 10)
    assert await store.read("k") == b""


async def test_one_has_the_lease(store, other):
    """Of twenty that ask at once."""
    asked = await asyncio.gather(*((store, other)[n % 2].lease("k", 10) for n in range(20)))
    assert len([lease for lease in asked if lease]) == 1
    assert await store.read("k") is None


async def test_after_a_fill_there_is_a_new_lease(store, other):
    """With the value in place: to refresh it. The value stays until it is filled."""
    await store.fill(await store.lease("k", 10), b"old", 10)
    lease = await other.lease("k", 10)
    assert await store.lease("k", 10) is None
    assert await store.read("k") == b"old"
    assert await other.fill(lease, b"new", 10)
    assert await store.read("k") == b"new"
    assert await store.lease("k", 10)


async def test_a_lease_that_is_released_goes_to_the_next(store, other):
    """Whether the key had a value or not."""
    await store.release(await store.lease("k", 10))
    await other.fill(await other.lease("k", 10), b"v", 10)
    await store.release(await store.lease("k", 10))
    assert await other.lease("k", 10)
    assert await store.read("k") == b"v"


async def test_a_release_that_comes_too_late_ends_nobody_s_lease(store, other):
    """Nor does a fill."""
    late = await store.lease("k", 10)
    await other.delete("k")
    lease = await other.lease("k", 10)
    await store.release(late)
    assert not await store.fill(late, b"old", 10)
    assert await store.lease("k", 10) is None
    assert await other.fill(lease, b"new", 10)
    assert await store.read("k") == b"new"


@pytest.mark.parametrize("has_value", [False, True])
async def test_a_delete_ends_the_lease(store, other, has_value):
    """What was loaded before it is not stored after it."""
    if has_value:
        await store.fill(await store.lease("k", 10), b"first", 10)
    lease = await store.lease("k", 10)
    await other.delete("k")
    assert not await store.fill(lease, b"old", 10)
    assert await store.read("k") is None


async def test_a_delete_of_nothing_is_one(store):
    """No error, no value."""
    await store.delete("k")
    assert await store.read("k") is None


@pytest.mark.parametrize("has_value", [False, True])
async def test_a_claim_takes_value_and_lease(store, other, has_value):
    """Who had the lease fills nothing; who claimed last fills."""
    if has_value:
        await store.fill(await store.lease("k", 10), b"first", 10)
    lease = await store.lease("k", 10)
    first, second = await other.claim("k", 10), await store.claim("k", 10)
    assert await other.read("k") is None
    assert await other.lease("k", 10) is None
    assert not await store.fill(lease, b"old", 10)
    assert not await other.fill(first, b"first", 10)
    assert await store.fill(second, b"second", 10)
    assert await other.read("k") == b"second"


async def test_values_and_leases_lapse(store):
    """After their time, rounded up to seconds where the server counts those."""
    await store.fill(await store.lease("k", 10), b"v", 0.05)
    late = await store.lease("l", 0.05)
    await until(lambda: is_gone(store, "k"))
    lease = await until(lambda: store.lease("l", 10))
    assert not await store.fill(late, b"old", 10)
    assert await store.fill(lease, b"new", 10)


async def is_gone(store, key):
    return await store.read(key) is None


class Heard:
    """Keeps what it is told."""

    def __init__(self):
        self.is_sighted, self.keys, self.flushes = False, [], 0

    def changed(self, keys):
        self.keys += keys

    def all_changed(self):
        self.flushes += 1

    def sighted(self):
        self.is_sighted = True

    def blind(self):
        self.is_sighted = False


async def test_a_watcher_hears_of_every_change(store, other):
    """Of fills, deletes and claims, by whoever, of these keys alone. Where it cannot be, it stays blind."""
    heard = Heard()
    async with store.watch(heard):
        if not store.features.tells_changes:
            assert not heard.is_sighted
            return
        await until(lambda: heard.is_sighted)
        await other.fill(await other.lease("filled größe", 10), b"v", 10)
        await until(lambda: heard.keys == ["filled größe"])
        await store.delete("filled größe")
        await until(lambda: heard.keys == ["filled größe"] * 2)
        await other.fill(await other.claim("claimed", 10), b"v", 10)
        await until(lambda: heard.keys[2:] == ["claimed"])
    assert not heard.is_sighted


@pytest.mark.parametrize("end", ["delete", "claim"])
async def test_who_loads_hears_of_the_end_of_its_lease(store, other, end):
    """Also where the key has no value: or who asks later would wait for a load that is out of date."""
    if not store.features.tells_changes:
        return
    heard = Heard()
    async with store.watch(heard):
        await until(lambda: heard.is_sighted)
        await store.lease("k", 10)
        await (other.delete("k") if end == "delete" else other.claim("k", 10))
        await until(lambda: heard.keys == ["k"])
