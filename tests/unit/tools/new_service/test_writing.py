"""A service is in the checkout as a whole, or not at all."""

from pathlib import Path

import pytest

from tools.new_service.errors import Refused
from tools.new_service.writing import check_free, write

NEW = [Path("services/reviews"), Path("tests/reviews")]
FILES = {NEW[0] / "app.py": "app", NEW[1] / "test_app.py": "test", Path("lists/stack.py"): "reviews"}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/stack.py").write_text("nothing")
    return tmp_path


def contents(root):
    return {path.relative_to(root): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_all_is_written(root):
    """New folders, changed lists, and nothing else."""
    write(root, NEW, FILES)
    assert contents(root) == FILES


def test_a_list_that_cannot_be_changed_leaves_nothing(root):
    """What had been renamed into place before is taken back."""
    before = contents(root)
    with pytest.raises(OSError, match="gone"):
        write(root, NEW, FILES | {Path("gone/list.py"): "reviews"})
    assert contents(root) == before
    assert not any((root / folder).exists() for folder in NEW)


def test_a_rival_keeps_its_folder(root):
    """A folder that somebody makes meanwhile stays, as it was."""
    (root / NEW[1]).mkdir(parents=True)
    (root / NEW[1] / "mine.py").write_text("mine")
    before = contents(root)
    with pytest.raises(OSError, match="not empty"):
        write(root, NEW, FILES)
    assert contents(root) == before


def test_a_folder_that_is_there_is_named(root):
    """The name is taken by it."""
    with pytest.raises(Refused, match="lists: the name is taken, by lists"):
        check_free(root, [Path("lists")])
