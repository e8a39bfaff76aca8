"""A copy of the checkout, with a new service in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.devstack.stack import Stack

COPIED = ("infra", "src", "protos", "tests")
SOURCE_ROOTS = ("src/python", "src/python/libs", "protos", "tests")
RUN_SECONDS = 300


@dataclass(frozen=True)
class Checkout:
    """A checkout whose programs run from its own sources."""

    root: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python -m ...` in it, to its end."""
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(self._import_path())},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )

    def files(self) -> dict[Path, bytes]:
        """All files, by their path in it."""
        found = (path for path in self.root.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return {path.relative_to(self.root): path.read_bytes() for path in found}

    def _import_path(self) -> list[str]:
        here = [str(self.root / folder) for folder in SOURCE_ROOTS]
        return here + [path for path in sys.path if "site-packages" in path]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """The sources of this checkout, to be changed at will."""
    for folder in COPIED:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path.cwd() / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(Path.cwd() / "pytest.ini", tmp_path)
    return Checkout(tmp_path)


@pytest.fixture
def reviews(checkout: Checkout) -> Checkout:
    """The copy, in which somebody made the service `reviews`."""
    made = checkout.run("tools.new_service.cli", "reviews")
    assert made.returncode == 0, made.stderr
    return checkout


@pytest.fixture
def stack(reviews: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The service `reviews` behind the gateway, on real servers."""
    data_dir = tmp_path_factory.mktemp("stack")
    up = ("tools.devstack.cli", "--data-dir", str(data_dir))
    started = reviews.run(*up, "--port", "0", "--only", "reviews,gateway", "--detach")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        stack = Stack.find(data_dir)
        assert stack is not None
        yield stack
    finally:
        reviews.run(*up, "--stop")
