"""What the wheel says of itself is what its modules need."""

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from distribution.wheel import LIBS, Wheel, built_wheel, normalised

# Nobody imports it; redis-py takes it as its parser where it is there.
ACCELERATORS = {"hiredis"}
DISTRIBUTIONS = packages_distributions()


@pytest.fixture(scope="module")
def wheel() -> Wheel:
    """The wheel that was built."""
    return Wheel(built_wheel())


def test_every_lib_is_in_the_wheel_and_typed(wheel):
    """A lib that is added and not named in libs/BUILD is missed here."""
    assert wheel.libs == set(LIBS)
    assert {f"seawall/{lib}/py.typed" for lib in LIBS} <= set(wheel.files)


def test_the_package_itself_has_no_module(wheel):
    """`import seawall` runs no code."""
    assert "seawall/__init__.py" not in wheel.files


@pytest.mark.parametrize("lib", LIBS)
def test_the_extras_of_a_lib_bring_what_it_imports(wheel, lib):
    """Each module that the lib imports is of a distribution that its extras name."""
    brought = {normalised(name) for extra in wheel.extras_of(lib) for name in wheel.brought_by(extra)}
    for module in wheel.imports(lib):
        owners = {normalised(name) for name in DISTRIBUTIONS[module]}
        assert owners & brought, f"{module} is of none of {sorted(brought)}"


def test_an_extra_brings_nothing_that_nobody_imports(wheel):
    """What an extra names by itself is imported by a lib of that extra."""
    for extra, requirements in wheel.extras.items():
        imported = {m for lib in LIBS if extra in wheel.extras_of(lib) for m in wheel.imports(lib)}
        used = {normalised(name) for module in imported for name in DISTRIBUTIONS[module]}
        named = {r.name for r in requirements} - {"seawall"} - ACCELERATORS
        assert named <= used, f"{extra}: {named - used}"


def test_a_lower_bound_is_the_version_that_we_test(wheel):
    """A pin that is raised raises the bound: nobody installs what we did not run."""
    lines = Path("3rdparty/python/services.txt").read_text().split()
    pins = {name.partition("[")[0]: pin for name, _, pin in (line.partition("==") for line in lines)}
    for requirement in (r for requirements in wheel.extras.values() for r in requirements):
        if requirement.name != "seawall":
            assert requirement.bound == pins[requirement.name], requirement.name


def test_all_is_all(wheel):
    """`seawall[all]` leaves nobody out, and each lib names extras that there are."""
    (everything,) = wheel.extras["all"]
    assert everything.extras == wheel.extras.keys() - {"all"}
    assert {extra for lib in LIBS for extra in wheel.extras_of(lib)} == everything.extras


def test_who_reads_the_metadata_learns_the_licence_the_python_and_the_version(wheel):
    """The fields that an index shows."""
    assert wheel.metadata["License-Expression"] == ["Apache-2.0"]
    assert wheel.metadata["Requires-Python"] == [">=3.11"]
    assert built_wheel().name == f"seawall-{wheel.metadata['Version'][0]}-py3-none-any.whl"
