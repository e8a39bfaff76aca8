"""The simulator has no settings of its own: its behaviour is set over HTTP while it runs."""

from seawall.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service has: host, port, log level, drain."""
