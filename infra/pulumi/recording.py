"""Runs the real program without an engine, and keeps what it asks for.

The program runs under Pulumi's mocks, which answer as if all had been made: outputs are the inputs, and
what a cloud computes is made up (`computed.py`). Tests, the rendering and the estimate read the record.
"""

import json
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import set_all_config, set_mocks
from pulumi.runtime.stack import run_pulumi_func
from pulumi.runtime.sync_await import _ensure_event_loop

from computed import answer_of, outputs_of
from settings import SECRETS

PROGRAM = Path(__file__).parent
STACKS = tuple(sorted(path.name.split(".")[1] for path in PROGRAM.glob("Pulumi.*.yaml")))
SECRET = "a secret"  # noqa: S105 stands in for what only the engine can decrypt


@dataclass(frozen=True)
class Resource:
    """One resource as the engine would be asked for it."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    is_custom: bool = True
    provider: str = ""

    @property
    def manifest_name(self) -> str:
        """The name in Kubernetes."""
        return str(self.inputs.get("metadata", {}).get("name", self.name))


@dataclass
class Recorder(pulumi.runtime.Mocks):
    """Answers as an engine does that has made all it was asked for."""

    resources: list[Resource] = field(default_factory=list)
    calls: list[pulumi.runtime.MockCallArgs] = field(default_factory=list)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Keeps the resource; its id is its name."""
        made = Resource(args.typ, args.name, args.inputs, bool(args.custom), args.provider or "")
        self.resources.append(made)
        return f"{args.name}-id", outputs_of(args.typ, args.name, args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Keeps the look-up and answers it."""
        self.calls.append(args)
        return answer_of(args.token, args.args), []

    def of(self, type_: str) -> list[Resource]:
        """The resources of a type, by its end: "Deployment", "eks/cluster:Cluster"."""
        return [
            each
            for each in self.resources
            if each.type == type_ or each.type.endswith((f":{type_}", f"/{type_}"))
        ]

    def one(self, type_: str, name: str | None = None) -> Resource:
        """The only one of a type (and name in Kubernetes)."""
        [found] = [each for each in self.of(type_) if name is None or name in {each.name, each.manifest_name}]
        return found


def record(
    program: Callable[[], Any],
    *,
    stack: str = "test",
    values: Mapping[str, str] | None = None,
    secrets: list[str] | None = None,
    recorder: Recorder | None = None,
) -> Recorder:
    """Runs a program to its end, all outputs known, and tells what it asked for. Its errors are raised."""
    recorder = recorder or Recorder()
    set_mocks(recorder, project="seawall", stack=stack, preview=False)
    set_all_config(dict(values or {}), secrets or [])

    # Pulumi keeps hold of the loop that was there first: a new one for each run would be closed under it.
    loop = _ensure_event_loop()  # type: ignore[no-untyped-call]
    loop.run_until_complete(run_pulumi_func(program))
    return recorder


def record_stack(stack: str, recorder: Recorder | None = None, **overrides: str) -> Recorder:
    """Runs `__main__.py` with the real configuration of a stack; `overrides` replace values, as JSON.

    Another `recorder` may do more with a resource than keep it.
    """
    values, secrets = values_of(stack)
    values |= {f"seawall:{key}": value for key, value in overrides.items()}
    secrets += [f"seawall:{key}" for key in overrides if key in SECRETS]
    return record(
        lambda: runpy.run_path(str(PROGRAM / "__main__.py"), run_name="__main__"),
        stack=stack,
        values=values,
        secrets=secrets,
        recorder=recorder,
    )


def values_of(stack: str) -> tuple[dict[str, str], list[str]]:
    """What Pulumi hands over for a stack's real file: values, and the keys of those that are secret."""
    config = yaml.safe_load((PROGRAM / f"Pulumi.{stack}.yaml").read_text())["config"]
    secrets = [key for key, value in config.items() if isinstance(value, dict) and "secure" in value]
    values = {key: SECRET if key in secrets else _as_pulumi_does(value) for key, value in config.items()}
    return values, secrets


def _as_pulumi_does(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
