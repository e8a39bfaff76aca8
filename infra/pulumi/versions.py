"""Every chart and image that the programs install, each pinned, on this page alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chart:
    """A Helm chart of a repository, at one version."""

    name: str
    repository: str
    version: str
