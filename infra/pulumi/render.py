"""`./pants run infra/pulumi:render -- aws-prod orders`: what a stack asks Kubernetes for, as YAML."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from recording import STACKS, Resource, record_stack
from settings import SettingsError

REFUSED = 1
NAME = "app.kubernetes.io/name"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the stack's program without an engine, and prints. Returns 1 if there is nothing to print."""
    parser = argparse.ArgumentParser(prog="./pants run infra/pulumi:render --", description=__doc__)
    parser.add_argument("stack", choices=STACKS)
    parser.add_argument("service", nargs="?", help="only what belongs to it; without it, everything")
    options = parser.parse_args(arguments)
    try:
        resources = record_stack(options.stack).resources
    except SettingsError as error:
        print(error, file=sys.stderr)
        return REFUSED
    text = rendered(resources, options.service)
    print(text or f"{options.stack} asks for nothing of {options.service}", file=None if text else sys.stderr)
    return 0 if text else REFUSED


def rendered(resources: Iterable[Resource], service: str | None = None) -> str:
    """The manifests in the order of their kinds and names; of one service, if it is named."""
    asked = [each for each in resources if each.type.startswith("kubernetes:") and "kind" in each.inputs]
    found = [manifest(each) for each in asked]
    mine = [each for each in found if service in {None, each["metadata"].get("labels", {}).get(NAME)}]
    mine.sort(key=lambda each: (each["kind"], each["metadata"]["name"]))
    return "---\n".join(yaml.safe_dump(each, sort_keys=False, width=110) for each in mine)


def manifest(resource: Resource) -> dict[str, Any]:
    """A resource as Kubernetes takes it: the head first, whole numbers as such."""
    inputs = dict(resource.inputs)
    head = {key: inputs.pop(key) for key in ("apiVersion", "kind", "metadata")}
    head["metadata"].setdefault("name", resource.name)
    return {key: _plain(value) for key, value in (*head.items(), *sorted(inputs.items()))}


def _plain(value: Any) -> Any:
    """In one order, for Pulumi hands maps over in any, and every number as one with a fraction."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in sorted(value.items())}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


if __name__ == "__main__":
    sys.exit(main())
