"""The simulator has no settings of its own: its behaviour is set over HTTP while it runs."""

from typing import Annotated

from pydantic import Field

from seawall.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service has: host, port, log level, drain."""

    # Its charges and its behaviour are in its memory.
    workers: Annotated[int, Field(ge=1, le=1)] = 1
