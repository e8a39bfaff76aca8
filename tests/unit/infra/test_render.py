"""What a stack asks Kubernetes for, as YAML."""

import random
from pathlib import Path

import pytest
import yaml

from render import main, rendered
from unit.infra.program import run_stack

PAGE = Path(__file__).parents[3] / "docs" / "rendered-orders.yaml"


@pytest.fixture(scope="module")
def resources():
    return run_stack("aws-prod").resources


def test_the_page_is_what_the_program_asks_for(resources):
    """docs/rendered-orders.yaml is written by `./pants run infra/pulumi:render -- aws-prod orders`."""
    assert PAGE.read_text() == rendered(resources, "orders") + "\n"


def test_an_unchanged_program_asks_for_the_same(resources):
    """Nothing is drawn by chance or dated: a second run has no difference, in whatever order."""
    again = list(run_stack("aws-prod").resources)
    random.shuffle(again)
    assert rendered(again) == rendered(resources)


def test_numbers_are_whole(resources):
    """As Kubernetes takes them."""
    for manifest in yaml.safe_load_all(rendered(resources, "orders")):
        assert not list(fractions(manifest)), manifest["kind"]


def fractions(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from fractions(each)
    elif isinstance(value, float):
        yield value


def test_a_service_that_is_not_there(capsys):
    """One line, and nothing on stdout."""
    assert main(["aws-prod", "psp-simulator"]) == 1
    assert capsys.readouterr() == ("", "aws-prod asks for nothing of psp-simulator\n")
