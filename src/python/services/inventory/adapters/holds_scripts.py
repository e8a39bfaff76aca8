"""The Lua scripts of the hold counters, read once from the files beside this one."""

from importlib import resources

from seawall.valkey import Script

_FOLDER = resources.files(__package__)


def _script(name: str) -> Script:
    return Script(_text("sale") + _text(name))


def _text(name: str) -> str:
    return _FOLDER.joinpath(f"{name}.lua").read_text()


TAKE = _script("take")
SETTLE = _script("settle")
BEGIN_LOAD = _script("begin_load")
FINISH_LOAD = _script("finish_load")
LAPSE = _script("lapse")
STOCK = _script("stock")
AUDIT = _script("audit")
