"""How a service gets into the lists of the checkout."""

import pytest

from tools.new_service.errors import Refused
from tools.new_service.lists import HERE, ROUTE_HERE, edited, entries
from tools.new_service.naming import names_of

NAMES = names_of("gift_cards", None)


@pytest.fixture
def root(tmp_path):
    for entry in entries(NAMES):
        path = tmp_path / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"[\n    {HERE}\n]\n[\n  {ROUTE_HERE}\n]\n")
    return tmp_path


def test_each_list_names_the_service_once(root):
    """Above its mark, as far indented, and the mark is still there for the next."""
    for path, text in edited(root, NAMES):
        added = [line for line in text.splitlines() if "gift" in line]
        assert len(added) == len([entry for entry in entries(NAMES) if entry.path == path])
        assert added[0].startswith("    ")
        assert HERE in text


def test_a_list_without_its_mark_is_named(root):
    """Who removed it learns which line is missing, and where."""
    path = root / entries(NAMES)[0].path
    path.write_text("SERVICES = []\n")
    with pytest.raises(Refused, match="devstack/BUILD needs the line"):
        dict(edited(root, NAMES))


def test_a_path_that_is_routed_is_taken(root):
    """/v1/gift-cards of another service; /v1/gift-cards-sold is not in the way."""
    routes = root / entries(NAMES)[-1].path
    marks = routes.read_text()
    routes.write_text(marks + "- {prefix: /v1/gift-cards-sold, service: shop}\n")
    assert dict(edited(root, NAMES))
    routes.write_text(marks + "- {prefix: /v1/gift-cards, service: shop}\n")
    with pytest.raises(Refused, match="taken, by a route of /v1/gift-cards"):
        dict(edited(root, NAMES))


def test_a_folder_that_is_no_checkout_is_refused(tmp_path):
    """One line, not a traceback."""
    with pytest.raises(Refused, match="no checkout"):
        dict(edited(tmp_path, NAMES))
