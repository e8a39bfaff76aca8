"""The committed contracts as text that a review can read, and what in a change of them breaks a reader.

`python tests/build/schemas.py` writes protos/baseline.json anew: for additions only.
"""

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor

PROTOS = Path(__file__).resolve().parents[2] / "protos"
BASELINE = PROTOS / "baseline.json"

# By full name: a message's fields by number, an enum's names by number, a service's methods by name.
Schemas = dict[str, dict[str, str]]


def committed() -> Schemas:
    """What the stubs in protos/ say."""
    schemas: Schemas = {}
    for path in sorted(PROTOS.rglob("*_pb2.py")):
        module = ".".join(path.relative_to(PROTOS).with_suffix("").parts)
        schemas |= described(import_module(module).DESCRIPTOR)
    return schemas


def described(file: FileDescriptor) -> Schemas:
    """All that one contract promises."""
    schemas: Schemas = {}
    for message in file.message_types_by_name.values():
        schemas |= _message(message)
    for enum in file.enum_types_by_name.values():
        schemas |= _enum(enum)
    for service in file.services_by_name.values():
        schemas[service.full_name] = {
            method.name: f"{method.input_type.full_name} -> {method.output_type.full_name}"
            for method in service.methods
        }
    return schemas


def breaks(before: Schemas, after: Schemas) -> Iterator[str]:
    """What a reader or writer of `before` no longer finds in `after`; additions are no such thing."""
    for name, parts in before.items():
        if name not in after:
            yield f"{name} is gone"
            continue
        for key, was in parts.items():
            now = after[name].get(key)
            if now != was:
                yield f"{name} {key}: {was} became {now or 'nothing'}"


def _message(message: Descriptor) -> Schemas:
    schemas: Schemas = {message.full_name: {str(f.number): _field(f) for f in message.fields}}
    for nested in message.nested_types:
        schemas |= _message(nested)
    for enum in message.enum_types:
        schemas |= _enum(enum)
    return schemas


def _enum(enum: EnumDescriptor) -> Schemas:
    return {enum.full_name: {str(value.number): value.name for value in enum.values}}


def _field(field: FieldDescriptor) -> str:
    named = field.message_type or field.enum_type
    kind = named.full_name if named is not None else _KINDS[field.type]
    repeated = "repeated " if field.is_repeated else ""
    oneof = f" of {field.containing_oneof.name}" if field.containing_oneof is not None else ""
    return f"{repeated}{kind} {field.name}{oneof}"


_KINDS = {
    getattr(FieldDescriptor, name): name.removeprefix("TYPE_").lower()
    for name in dir(FieldDescriptor)
    if name.startswith("TYPE_")
}


if __name__ == "__main__":
    now = committed()
    broken = list(breaks(json.loads(BASELINE.read_text(encoding="utf-8")), now)) if BASELINE.exists() else []
    if broken:
        sys.exit("not written, these break readers: " + "; ".join(broken))
    BASELINE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
