"""What Pulumi hands to the program: the values of this project's namespace."""

import json
from collections.abc import Collection
from typing import Any

from pulumi.runtime import config as pulumi_config

from settings import NAMESPACE, Settings, read_settings


def stack_settings() -> Settings:
    """The settings of the stack that is being run. Raises SettingsError."""
    values = pulumi_config.get_config_env() | pulumi_config.CONFIG.get()
    prefix = f"{NAMESPACE}:"
    mine = {
        key.removeprefix(prefix): _value(value) for key, value in values.items() if key.startswith(prefix)
    }
    return read_settings(mine, _secret_keys(mine))


def _value(value: str) -> Any:
    """Pulumi writes objects, numbers and truth values as JSON, and strings as they are."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _secret_keys(keys: Collection[str]) -> set[str]:
    encrypted = set(pulumi_config.get_config_secret_keys_env())
    return {
        key
        for key in keys
        if (name := f"{NAMESPACE}:{key}") in encrypted or pulumi_config.is_config_secret(name)
    }
