"""What is kept of answers, and what drops them."""

import pytest

from seawall.cache import InMemoryStore, MessagePack, open_cache
from services.catalog.domain import UnknownSale
from services.catalog.entrypoints.cursor import decode_cursor, encode_cursor
from services.catalog.entrypoints.read_cache import SALES, SHARED, Encoded, ReadCache, sale_key


class Source:
    """Counts its loads."""

    def __init__(self):
        self.loads, self.error = 0, None

    async def __call__(self):
        self.loads += 1
        if self.error is not None:
            raise self.error
        return {"loads": self.loads}


@pytest.fixture
async def reads():
    async with open_cache("catalog", InMemoryStore(), MessagePack(Encoded), SHARED) as cache:
        yield ReadCache(cache)


@pytest.fixture
def source():
    return Source()


async def test_answers_are_kept_encoded(reads, source):
    """With a tag that is that of the content."""
    first, again = await reads.get("a", source), await reads.get("a", source)
    other = await reads.get("b", source)
    assert (first.body, again, other.body) == (b'{"loads":1}', first, b'{"loads":2}')
    assert first.etag != other.etag


async def test_that_a_sale_is_unknown_is_kept_until_it_is_scheduled(reads, source):
    """Those who ask too early cost no query each, and see it as soon as it is there."""
    source.error = UnknownSale("drop")
    assert [await reads.get(sale_key("drop"), source) for _ in range(3)] == [None] * 3
    assert source.loads == 1
    source.error = None
    await reads.sale_scheduled("drop")
    assert (await reads.get(sale_key("drop"), source)).body == b'{"loads":2}'


async def test_a_scheduled_sale_drops_the_list_and_no_product(reads, source):
    """Nothing else changes with it."""
    await reads.get(SALES, source)
    await reads.get("product:mug", source)
    await reads.sale_scheduled("drop")
    assert (await reads.get("product:mug", source)).body == b'{"loads":2}'
    assert (await reads.get(SALES, source)).body == b'{"loads":3}'


@pytest.mark.parametrize("sku", ["A", "JKT-SQUALL-NVY", "a:b", "x" * 64])
def test_cursors_come_back(sku):
    """A cursor continues after the SKU it was made of."""
    assert decode_cursor(encode_cursor(sku)) == sku


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "JKT-SQUALL-NVY", "MTo", "MjpB", "MTpB=", "é", "MTp/"])
def test_cursors_of_others(cursor):
    """Anything that we did not make is refused."""
    with pytest.raises(ValueError, match="cursor"):
        decode_cursor(cursor)
