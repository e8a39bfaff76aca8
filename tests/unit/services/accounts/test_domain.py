import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain import (
    Customer,
    InvalidField,
    new_refresh_token,
    normalise_email,
    normalise_name,
    refresh_token_digest,
)


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace+Sale@Example.ORG\n", "ada.lovelace+sale@example.org"),
        ("operator@localhost", "operator@localhost"),
        (f"{'a' * 64}@example.org", f"{'a' * 64}@example.org"),
    ],
)
def test_an_address_is_trimmed_and_lowercased(text, email):
    """Addresses that differ in case or in outer space are one address."""
    assert normalise_email(text) == email


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@@example.org",
        "ada lovelace@example.org",
        "ada@example..org",
        "ada@-example.org",
        "ada@example.org\x00",
        "ada@example.org\nbcc: all",
        f"{'a' * 65}@example.org",
        f"ada@{'b.' * 130}org",
        "ädä@example.org",
    ],
)
def test_what_is_no_address_is_refused(text):
    """The refusal names the field and its limit."""
    with pytest.raises(InvalidField) as refused:
        normalise_email(text)
    assert (refused.value.field, "254" in refused.value.limit) == ("email", True)


@given(st.text(max_size=300))
def test_normalising_twice_changes_nothing(text):
    """Whatever is accepted is its own normal form."""
    try:
        email = normalise_email(text)
    except InvalidField:
        return
    assert normalise_email(email) == email


def test_a_name_is_trimmed_and_composed():
    """Outer space goes, and letters with combining marks become single letters."""
    assert normalise_name("  Zoe\u0308 O'Brien ") == "Zoë O'Brien"


@pytest.mark.parametrize("text", ["", "   ", "a" * 81, "Ada\x00", "Ada\nLovelace", "Ada\u202e"])
def test_a_name_that_cannot_be_shown_is_refused(text):
    """Empty, too long, and control characters are refused by name."""
    with pytest.raises(InvalidField) as refused:
        normalise_name(text)
    assert refused.value.field == "name"


def test_refresh_tokens_are_random_and_stored_as_a_digest():
    """No two are alike, each has at least 256 bits, and 32 bytes are stored of it."""
    first, second = new_refresh_token(), new_refresh_token()
    assert first != second
    assert len(first) == 43
    assert len(refresh_token_digest(first)) == 32


def test_a_customer_in_a_log_shows_no_hash():
    """The text form leaves the password hash out."""
    assert "argon2" not in repr(Customer("1", "ada@example.org", "Ada", "customer", "$argon2id$secret"))
