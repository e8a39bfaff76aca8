"""What only a cloud can know of a resource, made up for a recording in the form that the cloud gives it."""

from collections.abc import Callable, Mapping
from typing import Any

ACCOUNT = "111122223333"
REGION = "eu-central-1"


def outputs_of(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a resource: its inputs, and for one of AWS its ARN and what its kind computes."""
    if not type_.startswith("aws:"):
        return dict(inputs)
    service = type_.split(":")[1].split("/", maxsplit=1)[0]
    arn = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"
    extra = OUTPUTS[type_](name) if type_ in OUTPUTS else {}
    return {"arn": arn, "name": name, **extra, **inputs}


def answer_of(token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What AWS answers to a look-up; nothing for one that no program here makes."""
    return ANSWERS[token](arguments) if token in ANSWERS else {}


OUTPUTS: dict[str, Callable[[str], dict[str, Any]]] = {}

ANSWERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {
        "names": [f"{REGION}{letter}" for letter in "abcdef"]
    },
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {"accountId": ACCOUNT},
    "aws:index/getPartition:getPartition": lambda _: {"partition": "aws"},
}
