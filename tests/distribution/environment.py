"""An environment that holds nothing but the wheel and one extra."""

import json
import subprocess
import venv
from pathlib import Path

from distribution.wheel import built_wheel

LOCK = Path("3rdparty/python/services.lock")
INSTALL_SECONDS = 240
RUN_SECONDS = 60


class Pip:
    """A pip of our own; it asks the index that this machine is set up for."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True)
        self._command = [str(folder / "bin" / "python"), "-m", "pip"]
        self._constraints = folder / "constraints.txt"
        self._constraints.write_text("\n".join(_locked()))

    def install(self, python: Path, wanted: str) -> None:
        """Installs into that Python's environment, everything in the versions of our lock."""
        options = ["-q", "--no-compile", "--only-binary", ":all:", "-c", str(self._constraints)]
        done = subprocess.run(
            [*self._command, "--python", str(python), "install", *options, wanted],
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


class Environment:
    """A virtual environment with the wheel and some of its extras."""

    def __init__(self, folder: Path, pip: Pip, extras: set[str]) -> None:
        venv.create(folder, with_pip=False)
        self._folder = folder
        self._python = folder / "bin" / "python"
        wanted = f"[{','.join(sorted(extras))}]" if extras else ""
        pip.install(self._python, f"{built_wheel()}{wanted}")

    def run(self, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs the code with these environment variables, and sees no other package of this machine."""
        return subprocess.run(
            [self._python, "-I", "-c", code],
            env=variables,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )


def _locked() -> list[str]:
    """name==version of each distribution in the lock; the head of the file is comments."""
    lines = [line for line in LOCK.read_text().splitlines() if not line.startswith("//")]
    (resolve,) = json.loads("\n".join(lines))["locked_resolves"]
    return [f"{each['project_name']}=={each['version']}" for each in resolve["locked_requirements"]]
