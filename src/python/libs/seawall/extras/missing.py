"""An import that fails since an extra is not installed says which one, in one line."""

from collections.abc import Iterator
from contextlib import contextmanager


class MissingExtra(ModuleNotFoundError):
    """A requirement of a lib is not installed: `extra` is what to install, `name` the missing module."""

    def __init__(self, extra: str, module: str) -> None:
        super().__init__(f'no module {module}, which comes with: pip install "seawall[{extra}]"', name=module)
        self.extra = extra


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports of a lib whose requirements come with this extra. Raises MissingExtra.

    Where one lib imports another, the extra of the outer one is named: it includes the inner one's.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "seawall":
            raise
        raise MissingExtra(name, error.name) from None
