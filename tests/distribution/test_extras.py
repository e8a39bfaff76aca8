"""Each lib works in an environment that has the wheel and the lib's own extras, and nothing else."""

import re
from pathlib import Path

import pytest

from distribution.environment import Environment, Pip
from distribution.wheel import LIBS, Wheel, built_wheel

WHEEL = Wheel(built_wheel())
WITH_EXTRAS = [lib for lib in LIBS if WHEEL.extras_of(lib)]
IMPORT_EACH = """
import importlib, pathlib, seawall
(root,) = seawall.__path__
for path in sorted(pathlib.Path(root, "{lib}").rglob("*.py")):
    try:
        importlib.import_module(".".join(("seawall", *path.relative_to(root).with_suffix("").parts)))
    except ImportError as error:
        print(error)
"""
SERVERS = {"SEAWALL_DATABASE_URL": "database_url", "SEAWALL_VALKEY_URL": "valkey_url"}


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Pip:
    """One for all environments."""
    return Pip(tmp_path_factory.mktemp("pip"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, pip: Pip) -> Environment:
    """The wheel without an extra."""
    return Environment(tmp_path_factory.mktemp("bare"), pip, set())


def test_the_package_itself_imports_nothing(bare):
    """`import seawall` adds one name to what Python has loaded."""
    code = "import sys; before = set(sys.modules); import seawall; print(set(sys.modules) - before)"
    assert bare.run(code).stdout.strip() == "{'seawall'}"


@pytest.mark.parametrize("lib", WITH_EXTRAS)
def test_a_lib_without_its_extra_says_what_to_install(bare, lib):
    """A module that cannot be imported says in one line which extra of the lib brings what it needs."""
    refused = _refused(bare, lib)
    assert refused
    for line in refused:
        named = re.fullmatch(r'no module \w+, which comes with: pip install "seawall\[(.+)\]"', line)
        assert named, line
        assert set(named[1].split(",")) <= WHEEL.extras_of(lib)


@pytest.mark.parametrize("lib", LIBS)
def test_the_readme_runs_with_the_libs_own_extras(tmp_path, pip, request, lib):
    """All modules of the lib can be imported, and each example of its README runs to its end."""
    environment = Environment(tmp_path, pip, WHEEL.extras_of(lib))
    assert not _refused(environment, lib)
    examples = _examples(lib)
    assert examples
    for example in examples:
        done = environment.run(example, **_servers(example, request))
        assert done.returncode == 0, done.stderr


def _refused(environment: Environment, lib: str) -> list[str]:
    """What the modules of the lib say that cannot be imported."""
    done = environment.run(IMPORT_EACH.format(lib=lib))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _examples(lib: str) -> list[str]:
    readme = Path(f"src/python/libs/seawall/{lib}/README.md").read_text()
    return re.findall(r"^```python\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)


def _servers(example: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The addresses of the servers that the example asks for; only those are started."""
    return {name: request.getfixturevalue(fixture) for name, fixture in SERVERS.items() if name in example}
