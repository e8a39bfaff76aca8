"""kubectl against the lab."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tools.devstack.failures import DevstackError


@dataclass(frozen=True)
class Kubectl:
    """The lab's own kubectl, with a kubeconfig."""

    program: str
    config: Path

    async def __call__(self, *arguments: str, manifest: str = "") -> str:
        """What it prints. Errors: DevstackError with its last words."""
        process = await asyncio.create_subprocess_exec(
            self.program, f"--kubeconfig={self.config}", *arguments, stdin=-1, stdout=-1, stderr=-1
        )
        output, errors = await process.communicate(manifest.encode())
        if process.returncode:
            words = errors.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise DevstackError(f"kubectl {arguments[0]}: {words[-1]}")
        return output.decode()
