"""Resource files appear whole: written under a temporary name, then renamed into place."""

from collections.abc import Mapping
from pathlib import Path


def publish(folder: Path, files: Mapping[str, str]) -> None:
    """Writes each file in the mapping's order; Envoy sees the old text or the new one, never a part."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        temporary = folder / f".{name}.next"
        temporary.write_text(text, encoding="utf-8")
        temporary.rename(folder / name)
