"""Images by digest in a stack's file, as CI writes them."""

from typing import Any

import pytest
import yaml

from image_digests import FOLDER, main, written

OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64


def digests_of(text: str) -> Any:
    return yaml.safe_load(text)["config"]["seawall:images"].get("digests", {})


@pytest.mark.parametrize("stack", ["aws-staging", "aws-prod"])
def test_digests_are_written_and_nothing_else(stack: str) -> None:
    """A known service's is replaced, a new one's is added, every other line stays, comments too."""
    before = (FOLDER / f"Pulumi.{stack}.yaml").read_text()
    after = written(before, {"orders": NEW, "reviews": NEW})
    assert digests_of(after) == digests_of(before) | {"orders": NEW, "reviews": NEW}
    kept = [line for line in before.splitlines() if not line.startswith("      orders:")]
    assert [line for line in after.splitlines() if line in kept] == kept
    assert written(after, {"orders": NEW, "reviews": NEW}) == after


def test_a_stack_without_digests_gets_them() -> None:
    """They come below its registry."""
    text = "config:\n  seawall:images:\n    registry: r\n    tag: main\n  seawall:domain: d\n"
    assert digests_of(written(text, {"orders": OLD})) == {"orders": OLD}


@pytest.mark.parametrize(
    "arguments",
    [[], ["aws-prod"], ["nowhere", f"orders={OLD}"], ["aws-prod", "orders=latest"], ["aws-prod", "orders"]],
)
def test_what_is_no_digest_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A tag, a stack that there is not, nothing at all: nothing is written, and the form is told."""
    before = [file.read_text() for file in sorted(FOLDER.glob("Pulumi.*.yaml"))]
    assert main(arguments) == 2
    assert "SERVICE=sha256:" in capsys.readouterr().err
    assert [file.read_text() for file in sorted(FOLDER.glob("Pulumi.*.yaml"))] == before
