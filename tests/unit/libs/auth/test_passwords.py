import asyncio

import argon2
import pytest

from seawall.auth import Overloaded, PasswordHasher


@pytest.fixture
def hasher():
    with PasswordHasher(memory_kib=64, passes=1) as hasher:
        yield hasher


async def test_the_right_password_verifies(hasher):
    """A hash verifies its own password and no other."""
    stored = await hasher.hash("correct horse")
    assert await hasher.verify(stored, "correct horse")
    assert not await hasher.verify(stored, "correct hors")


async def test_the_same_password_hashes_differently(hasher):
    """Each hash has a salt of its own."""
    assert await hasher.hash("correct horse") != await hasher.hash("correct horse")


async def test_nobody_is_verified_without_a_hash(hasher):
    """No hash means no, whatever the password."""
    assert not await hasher.verify(None, "correct horse")


async def test_the_decoy_costs_what_a_real_hash_costs():
    """The work done for an unknown name has the parameters of a real hash."""
    with PasswordHasher(memory_kib=128, passes=3) as hasher:
        real = argon2.extract_parameters(await hasher.hash("correct horse"))
        assert argon2.extract_parameters(hasher._decoy) == real


async def test_an_unreadable_hash_is_no(hasher):
    """What is not an argon2 hash verifies nothing."""
    assert not await hasher.verify("plain text", "plain text")


async def test_a_hash_with_older_parameters_is_told(hasher):
    """Raised parameters show at the next sign-in, and the old hash still verifies."""
    with PasswordHasher(memory_kib=128, passes=1) as stronger:
        stored = await hasher.hash("correct horse")
        assert stronger.needs_rehash(stored)
        assert await stronger.verify(stored, "correct horse")


async def test_the_default_is_argon2id_with_owasp_parameters():
    """A stored hash says argon2id, 19 MiB, 2 passes, 1 lane."""
    with PasswordHasher() as hasher:
        assert (await hasher.hash("correct horse")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_flood_is_shed_and_then_served_again():
    """With one thread and one place to wait, one of three is refused; afterwards all is well."""
    with PasswordHasher(threads=1, max_waiting=1, memory_kib=8192, passes=2) as hasher:
        outcomes = await asyncio.gather(
            *(hasher.hash("correct horse") for _ in range(3)), return_exceptions=True
        )
        assert [isinstance(outcome, Overloaded) for outcome in outcomes].count(True) == 1
        assert await hasher.hash("correct horse")


async def test_a_cancelled_wait_frees_its_place():
    """Who gives up while waiting does not count as waiting for ever."""
    with PasswordHasher(threads=1, max_waiting=1, memory_kib=8192, passes=2) as hasher:
        running = asyncio.create_task(hasher.hash("a password"))
        waiting = asyncio.create_task(hasher.hash("a password"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert await hasher.hash("another password")
        assert await running
