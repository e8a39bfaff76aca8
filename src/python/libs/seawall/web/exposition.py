"""What several processes expose, as one: each sample gets the label `worker`. Source: OpenMetrics 1.0."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

EOF = "# EOF"

_END_OF_NAME = re.compile(r"([{ ])")


@dataclass(slots=True)
class _Family:
    headers: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)


def merged(texts: Mapping[int, str]) -> str:
    """The texts of the workers, by number, all in one format: Prometheus' own or OpenMetrics."""
    families: dict[str, _Family] = {}
    for worker, text in texts.items():
        family = families.setdefault("", _Family())
        for line in text.splitlines():
            if line.startswith("#") and line != EOF:
                family = families.setdefault(line.split(" ", 3)[2], _Family())
                if line not in family.headers:
                    family.headers.append(line)
            elif line and line != EOF:
                family.samples.append(_labelled(line, worker))
    lines = [line for family in families.values() for line in (*family.headers, *family.samples)]
    if any(text.rstrip().endswith(EOF) for text in texts.values()):
        lines.append(EOF)
    return "".join(f"{line}\n" for line in lines)


def _labelled(sample: str, worker: int) -> str:
    name, mark, rest = _END_OF_NAME.split(sample, maxsplit=1)
    return f'{name}{{worker="{worker}"' + (f",{rest}" if mark == "{" else f"}} {rest}")
