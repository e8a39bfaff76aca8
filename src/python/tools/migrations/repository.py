"""What the tool reads of the repository: its services' migrations, and its last release."""

import subprocess
from pathlib import Path

from seawall.sql.branches import EXPAND

SERVICES = Path("src/python/services")
RELEASE_TAGS = "v[0-9]*"


class Unable(Exception):
    """There is nothing to work on; the message says why, in one line."""


def migrations_of(root: Path) -> dict[str, Path]:
    """The migrations of each service that has some, by its name."""
    folders = sorted((root / SERVICES).glob(f"*/migrations/{EXPAND}"))
    return {folder.parents[1].name: folder.parent for folder in folders}


def last_release(root: Path) -> str:
    """The newest release tag before HEAD; as long as there is none, the commit before HEAD. Raises Unable."""
    try:
        return _git(root, "describe", "--tags", "--abbrev=0", "--match", RELEASE_TAGS, "HEAD^").strip()
    except Unable:
        return _git(root, "rev-parse", "--verify", "HEAD^").strip()


def export(root: Path, revision: str, folder: Path) -> None:
    """The files of a revision, into an empty folder. Raises Unable."""
    archive = subprocess.run(
        ["git", "-C", str(root), "archive", revision],
        capture_output=True,
        check=False,
    )
    if archive.returncode != 0:
        raise Unable(archive.stderr.decode(errors="replace").strip() or f"no revision {revision}")
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unable(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout
