"""A service is in the checkout as a whole, or not at all."""

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from tools.new_service.errors import Refused


def check_free(root: Path, folders: Iterable[Path]) -> None:
    """Raises Refused for a folder that is there already."""
    for folder in folders:
        if (root / folder).exists():
            raise Refused(f"{folder.name}: the name is taken, by {folder}")


def write(root: Path, folders: Iterable[Path], files: Mapping[Path, str]) -> None:
    """Writes new folders and changed files; when one of them cannot be, none of them is.

    All is written beside the checkout's own files first and then renamed into place. What was renamed is
    taken back on any error, and on an interrupt too.
    """
    with tempfile.TemporaryDirectory(dir=root, prefix=".new-service-") as staging, ExitStack() as undo:
        staged = Path(staging)
        for path, text in files.items():
            _write(staged / "new" / path, text)
        new = list(folders)
        for folder in new:
            (root / folder).parent.mkdir(parents=True, exist_ok=True)
            (staged / "new" / folder).rename(root / folder)
            undo.callback(shutil.rmtree, root / folder, ignore_errors=True)
        for path in (path for path in files if not any(path.is_relative_to(folder) for folder in new)):
            before = staged / "before" / path
            _copy(root / path, before)
            undo.callback(before.replace, root / path)
            shutil.copymode(before, staged / "new" / path)
            (staged / "new" / path).replace(root / path)
        undo.pop_all()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
