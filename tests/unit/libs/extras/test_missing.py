"""What an import says where its extra is not installed."""

import importlib

import pytest

from seawall.extras import MissingExtra, extra


def test_a_missing_requirement_names_its_extra_in_one_line():
    """Whoever imports a lib is told what to install, and which module was looked for."""
    with pytest.raises(MissingExtra) as caught, extra("kafka"):
        importlib.import_module("no_such_driver")
    assert str(caught.value) == 'no module no_such_driver, which comes with: pip install "seawall[kafka]"'
    assert (caught.value.extra, caught.value.name) == ("kafka", "no_such_driver")


def test_the_extra_of_the_outer_lib_is_named():
    """What was asked for includes what that needs: one installation is enough."""
    with pytest.raises(MissingExtra) as caught, extra("saga"), extra("kafka"):
        importlib.import_module("no_such_driver")
    assert caught.value.extra == "saga"


def test_a_fault_of_our_own_is_not_hidden():
    """A module of the chassis that is not there is a bug, and no extra would bring it."""
    with pytest.raises(ModuleNotFoundError) as caught, extra("kafka"):
        importlib.import_module("seawall.extras.no_such_module")
    assert not isinstance(caught.value, MissingExtra)


def test_other_errors_pass():
    """What a requirement raises while it is imported is its own."""
    with pytest.raises(ZeroDivisionError), extra("kafka"):
        _ = 1 / 0
