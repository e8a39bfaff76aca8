"""The simulated provider's book of charges."""

import pytest

from services.psp_simulator.charges import ChargeBook, ChargeState, KeyReusedError, KeyVoidedError


def pay(book, key, *, amount_minor=500, declined=False):
    return book.charge(key, amount_minor=amount_minor, currency="EUR", reference="order-1", declined=declined)


def test_a_key_is_charged_once():
    """A repeat gets the first charge, whatever the dice say the second time."""
    book = ChargeBook()
    first, made = pay(book, "key")
    again, made_again = pay(book, "key", declined=True)
    assert (made, made_again) == (True, False)
    assert again is first
    assert first.state is ChargeState.CHARGED
    assert len(book.page(0, 10)) == 1


def test_a_key_that_stands_for_another_charge_is_refused():
    """The same key with another amount is an error of the caller."""
    book = ChargeBook()
    pay(book, "key")
    with pytest.raises(KeyReusedError):
        pay(book, "key", amount_minor=501)


def test_a_void_gives_the_money_back_and_closes_the_key():
    """After a void the key can never be charged again."""
    book = ChargeBook()
    pay(book, "key")
    assert book.void("key").state is ChargeState.VOIDED
    assert book.void("key").state is ChargeState.VOIDED
    with pytest.raises(KeyVoidedError):
        pay(book, "key")


def test_a_void_that_comes_first_refuses_the_charge():
    """An unknown key is tombstoned."""
    book = ChargeBook()
    assert book.void("key").charge_id is None
    with pytest.raises(KeyVoidedError):
        pay(book, "key")


def test_a_void_of_a_declined_charge_changes_nothing():
    """No money was taken, so none goes back."""
    book = ChargeBook()
    pay(book, "key", declined=True)
    assert book.void("key").state is ChargeState.DECLINED


def test_the_book_is_read_in_pages():
    """Each page begins after the last sequence of the one before."""
    book = ChargeBook()
    for number in range(5):
        pay(book, f"key-{number}")
    first = book.page(0, 3)
    rest = book.page(first[-1].sequence, 3)
    assert [charge.idempotency_key for charge in first + rest] == [f"key-{n}" for n in range(5)]
