"""Writes images by digest into a stack's file: python3 image_digests.py STACK SERVICE=sha256:... ...

CI runs it with any Python: standard library only.
"""

import re
import sys
from pathlib import Path

DIGEST = re.compile(r"([a-z][a-z0-9_]*)=(sha256:[0-9a-f]{64})")
FOLDER = Path(__file__).resolve().parent


def written(text: str, digests: dict[str, str]) -> str:
    """The stack's file with these digests in it; all else stays as it is, comments too."""
    if not re.search(r"^    digests:$", text, re.MULTILINE):
        text = re.sub(r"^(    registry: .*\n)", r"\1    digests:\n", text, count=1, flags=re.MULTILINE)
    for name, digest in digests.items():
        line = f"      {name}: {digest}\n"
        text, known = re.subn(rf"^      {name}: sha256:.*\n", line, text, count=1, flags=re.MULTILINE)
        if not known:
            text = re.sub(r"^    digests:\n", rf"\g<0>{line}", text, count=1, flags=re.MULTILINE)
    return text


def main(arguments: list[str]) -> int:
    """Returns 2 where an argument or the stack is none."""
    stack, *given = arguments or [""]
    file = FOLDER / f"Pulumi.{stack}.yaml"
    matches = [DIGEST.fullmatch(each) for each in given]
    if not file.is_file() or not given or None in matches:
        print(__doc__, file=sys.stderr)
        return 2
    digests = {match[1]: match[2] for match in matches if match}
    file.write_text(written(file.read_text(), digests))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
