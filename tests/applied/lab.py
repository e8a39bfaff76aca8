"""The lab, as a test uses it: started as a program, asked by its kubectl."""

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

# As Pants lays the package of the tool beside the tests.
PACKAGE = Path("src.python.tools.kubelab/bin.pex")
NOT_BUILT = 3


class Refused(Exception):
    """What kubectl said when it ended with a failure."""


@dataclass(frozen=True)
class Lab:
    """A cluster that is empty but for resource definitions and nodes."""

    kubectl_program: str
    kubeconfig: str

    def kubectl(self, *arguments: str, manifest: str = "", allowed: tuple[int, ...] = (0,)) -> str:
        """What it prints. Errors: Refused."""
        done = subprocess.run(
            [self.kubectl_program, f"--kubeconfig={self.kubeconfig}", *arguments],
            input=manifest,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in allowed:
            raise Refused(done.stderr.strip())
        return done.stdout

    def apply(self, manifest: str) -> None:
        """By the server, which refuses what it does not know."""
        self.kubectl("apply", "--server-side", "--validate=strict", "--filename=-", manifest=manifest)


@contextmanager
def running_lab(folder: Path, *flags: str) -> Iterator[Lab]:
    """A lab of one's own. Skips where none is built, unless SEAWALL_LAB asks for it."""
    program = shlex.split(os.environ.get("SEAWALL_KUBELAB", str(PACKAGE.absolute())))
    command = [*program, "--folder", str(folder)]
    needed = [] if os.environ.get("SEAWALL_LAB") else ["--only-if-built"]
    up = subprocess.run(
        [*command, "up", "--detach", *needed, *flags], capture_output=True, text=True, check=False
    )
    if up.returncode == NOT_BUILT:
        pytest.skip(up.stderr.strip())
    assert up.returncode == 0, up.stdout + up.stderr
    try:
        lines = subprocess.run([*command, "env"], capture_output=True, text=True, check=True).stdout
        values = dict(line.removeprefix("export ").split("=", 1) for line in lines.splitlines())
        programs = values["PATH"].split(os.pathsep)[0]
        yield Lab(f"{programs}/kubectl", values["KUBECONFIG"])
    finally:
        subprocess.run([*command, "down"], capture_output=True, check=True)
