"""The real program, or a component, run without an engine; what it asked for is kept."""

from typing import Any

from recording import SECRET, STACKS, Recorder, Resource
from recording import record as run
from recording import record_stack as run_stack

__all__ = [
    "BACKED_UP",
    "IS_SECRET",
    "SECRET",
    "SECRET_MARK",
    "STACKS",
    "Recorder",
    "Resource",
    "run",
    "run_stack",
]

# How Pulumi marks a secret value: sdk/go/common/resource/sig.go.
SECRET_MARK, IS_SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"

# What a stack on kind is given to have its PostgreSQL backed up, as `run_stack` takes it.
BACKED_UP: dict[str, Any] = {
    "stores": '{"postgres_backup": {"destination": "s3://seawall-backups/kind"}}',
    "backup_access_key_id": "the id of a key",
    "backup_secret_access_key": "the key itself",
}
