"""The committed Python stubs are what protoc makes of the contracts."""

from importlib.resources import files
from pathlib import Path

import pytest
from grpc_tools import protoc

CHECKOUT = Path(__file__).resolve().parents[2]
ROOTS = [CHECKOUT / "protos", CHECKOUT / "src/python/libs"]
CONTRACTS = sorted(path.relative_to(CHECKOUT) for root in ROOTS for path in root.rglob("*.proto"))
WELL_KNOWN = str(files("grpc_tools") / "_proto")
REMEDY = "run: python -m grpc_tools.protoc -I ROOT --python_out=ROOT --pyi_out=ROOT --grpc_python_out=ROOT"


@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
def test_stubs_are_current(contract: Path, tmp_path: Path) -> None:
    """Compiling the contract again gives the committed stubs, byte for byte."""
    source = CHECKOUT / contract
    (root,) = [root for root in ROOTS if source.is_relative_to(root)]
    outputs = [f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]
    if "\nservice " in source.read_text(encoding="utf-8"):
        outputs.append(f"--grpc_python_out={tmp_path}")
    assert protoc.main(["protoc", f"-I{root}", f"-I{WELL_KNOWN}", *outputs, str(source)]) == 0
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*_pb2*")}
    committed = {path.relative_to(root): path.read_bytes() for path in source.parent.glob("*_pb2*.py*")}
    assert made == {name: text for name, text in committed.items() if name in made}, REMEDY
    assert made.keys() == committed.keys(), REMEDY


def test_there_are_contracts_to_check() -> None:
    """The parametrized test above found contracts."""
    assert CONTRACTS
