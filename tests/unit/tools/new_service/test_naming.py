"""Which names a service may have, and which forms of them its files use."""

import pytest

from tools.new_service.errors import Refused
from tools.new_service.naming import names_of


@pytest.mark.parametrize(
    ("service", "entity"),
    [("reviews", "review"), ("gift_cards", "gift_card"), ("stories", "story"), ("boxes", "box")],
)
def test_what_one_of_them_is(service, entity):
    """The singular follows from the plural."""
    assert names_of(service, None).name == entity


def test_the_forms_of_a_name():
    """In modules, classes, prose and paths."""
    forms = names_of("gift_cards", None).variables()
    assert (forms["names"], forms["Names"], forms["Name"]) == ("gift_cards", "GiftCards", "GiftCard")
    assert (forms["Words"], forms["path"], forms["kind"]) == ("Gift cards", "gift-cards", "gift-card")


def test_ids_of_two_services_differ():
    """Each service has a namespace of its own, always the same."""
    spaces = [names_of(name, None).variables()["namespace"] for name in ("reviews", "reviews", "ads")]
    assert spaces[0] == spaces[1] != spaces[2]


@pytest.mark.parametrize(
    ("service", "entity", "rule"),
    [
        ("Reviews", None, "small letters"),
        ("2fa_codes", None, "begins with a letter"),
        ("gift-cards", None, "single _"),
        ("../orders", None, "small letters"),
        ("gift__cards", None, "single _"),
        ("reviews\n", None, "small letters"),
        ("a", None, "2 to 20 characters"),
        ("a_name_of_many_letters", None, "2 to 20 characters"),
        ("pass", None, "no word of Python"),
        ("news", "class", "no word of Python"),
        ("exceptions", None, "no word of Python"),
        ("problems", None, "no class that a service imports"),
        ("advice", None, "--entity"),
        ("advice", "advice", "in the singular"),
    ],
)
def test_a_bad_name_is_told_its_rule(service, entity, rule):
    """One line that says the name and the rule."""
    with pytest.raises(Refused, match=rule) as refused:
        names_of(service, entity)
    assert "\n" not in str(refused.value)
