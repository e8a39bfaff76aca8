"""Settings from the environment: typed, strict, and read in one place."""

from seawall.settings.base import ServiceSettings
from seawall.settings.environment import SettingsError, load, read

__all__ = ["ServiceSettings", "SettingsError", "load", "read"]
