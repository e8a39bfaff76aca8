"""What discovery promises, whatever the directory: settings, DNS, Consul."""

from contextlib import asynccontextmanager

import pytest

from contract.discovery.consul_world import RealConsul, SpokenConsul, consul_program
from contract.discovery.dns_world import HTTP_PORT, DnsWorld, ServiceRecords
from seawall.discovery import Balancer, Endpoint, LookupFailed, NoEndpoints, StaticResolver, discover
from seawall.testing import until

ONE, TWO, THREE = (Endpoint(f"127.0.0.{number}", HTTP_PORT) for number in (1, 2, 3))
SIX = Endpoint("::1", HTTP_PORT)


class DiscoveryContract:
    """`world` is a directory: it serves endpoints, fails and mends, and makes a resolver."""

    @pytest.fixture
    async def orders(self, world):
        """A function that starts to discover the service."""

        @asynccontextmanager
        async def orders(**options):
            async with discover("orders", world.resolver(), pause=lambda _failures: 0.01, **options) as found:
                yield found

        return orders

    async def test_it_finds_who_is_there(self, world, orders):
        """All endpoints are known when the context is entered, IPv6 included."""
        await world.serve([TWO, ONE, SIX])
        async with orders() as found:
            assert set(found.endpoints) == {ONE, TWO, SIX}


class MovingContract(DiscoveryContract):
    """A directory whose answers change."""

    async def test_it_follows_who_comes_and_goes(self, world, orders):
        """New endpoints are added, those that are gone are dropped, while it runs."""
        await world.serve([ONE])
        async with orders() as found:
            await world.serve([ONE, TWO])
            known = await found.changed((ONE,))
            assert known == (ONE, TWO)
            await world.serve([THREE])
            while (known := await found.changed(known)) != (THREE,):
                pass

    async def test_what_was_known_holds_while_the_directory_is_away(self, world, orders):
        """Its failure takes nothing away; when it is back, it is followed again."""
        await world.serve([ONE, TWO])
        resolver = world.resolver()
        assert set(await resolver.following()) == {ONE, TWO}
        async with orders() as found:
            await world.fail()
            with pytest.raises(LookupFailed):
                await resolver.following()
            assert found.endpoints == (ONE, TWO)
            await world.mend()
            await world.serve([TWO, THREE])
            await until(lambda: found.endpoints == (TWO, THREE))

    async def test_an_empty_answer_takes_nothing_away(self, world, orders):
        """That nobody is there is believed only of one who was never seen."""
        await world.serve([ONE])
        resolver = world.resolver()
        await resolver.following()
        async with orders() as found:
            await world.serve([])
            assert set(await resolver.following()) == set()
            assert found.endpoints == (ONE,)
            await world.serve([TWO])
            await until(lambda: found.endpoints == (TWO,))

    async def test_it_starts_without_anybody(self, world, orders):
        """Callers are told so at once, and served as soon as somebody is there."""
        async with orders(first_wait_seconds=0.05) as found:
            balancer = Balancer(found)
            with pytest.raises(NoEndpoints, match="orders"):
                with balancer.endpoint():
                    pass
            await world.serve([ONE])
            await until(lambda: found.endpoints)
            with balancer.endpoint() as endpoint:
                assert endpoint == ONE


class TestSettings(DiscoveryContract):
    @pytest.fixture
    def world(self):
        class World:
            async def serve(self, endpoints):
                self.text = " , ".join(endpoint.address for endpoint in endpoints)

            def resolver(self):
                return StaticResolver.parse(self.text)

        return World()


class TestDns(MovingContract):
    @pytest.fixture
    async def world(self):
        async with DnsWorld.running() as world:
            yield world


class TestDnsServices(MovingContract):
    @pytest.fixture
    async def world(self):
        async with ServiceRecords.running() as world:
            yield world


class TestSpokenConsul(MovingContract):
    @pytest.fixture
    async def world(self):
        async with SpokenConsul.running() as world:
            yield world


@pytest.mark.skipif(consul_program() is None, reason="no Consul: SEAWALL_CONSUL names its program")
class TestRealConsul(MovingContract):
    @pytest.fixture
    async def world(self):
        async with RealConsul.running() as world:
            yield world
