"""Images by digest in a stack's file, as CI writes them."""

import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest
import yaml

SCRIPT = Path(".ci/write-digests")
loader = SourceFileLoader("write_digests", str(SCRIPT))
spec = spec_from_loader(loader.name, loader)
assert spec
module = module_from_spec(spec)
loader.exec_module(module)
OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64


def digests_of(text: str) -> dict[str, str]:
    return yaml.safe_load(text)["config"]["seawall:images"].get("digests", {})


@pytest.mark.parametrize("stack", ["aws-staging", "aws-prod"])
def test_digests_are_written_and_nothing_else(stack: str) -> None:
    """A known service's is replaced, a new one's is added, every other line stays, comments too."""
    before = Path(f"infra/pulumi/Pulumi.{stack}.yaml").read_text()
    after = module.written(before, {"orders": NEW, "reviews": NEW})
    assert digests_of(after) == digests_of(before) | {"orders": NEW, "reviews": NEW}
    kept = [line for line in before.splitlines() if not line.startswith("      orders:")]
    assert [line for line in after.splitlines() if line in kept] == kept
    assert module.written(after, {"orders": NEW, "reviews": NEW}) == after


def test_a_stack_without_digests_gets_them() -> None:
    """They come below its registry."""
    text = "config:\n  seawall:images:\n    registry: r\n    tag: main\n  seawall:domain: d\n"
    assert digests_of(module.written(text, {"orders": OLD})) == {"orders": OLD}


@pytest.mark.parametrize(
    "arguments",
    [[], ["aws-prod"], ["nowhere", f"orders={OLD}"], ["aws-prod", "orders=latest"], ["aws-prod", "orders"]],
)
def test_what_is_no_digest_is_refused(arguments: list[str]) -> None:
    """A tag, a stack that there is not, nothing at all: nothing is written, and the form is told."""
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "SERVICE=sha256:" in ended.stderr
