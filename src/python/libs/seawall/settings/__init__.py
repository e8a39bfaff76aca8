"""Settings from the environment: typed, strict, and read in one place."""

from seawall.extras import extra

with extra("settings"):
    from seawall.settings.base import ServiceSettings
    from seawall.settings.environment import SettingsError, load, read

__all__ = ["ServiceSettings", "SettingsError", "load", "read"]
