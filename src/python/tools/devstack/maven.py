"""One jar from a Maven repository: the one that the user set, Maven's own mirror, or the default."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from maven_artifact import Artifact, Downloader, Requestor

from tools.devstack.failures import DevstackError

_TIMEOUT_SECONDS = (10, 60)  # to connect, between two pieces
_ATTEMPTS = 3
_CHUNK_BYTES = 1 << 16
_KNOWN_REASON = re.compile(
    "Name or service not known|Temporary failure in name resolution|Connection refused|Network is unreachable"
    "|timed out|CERTIFICATE_VERIFY_FAILED|No space left on device"
)
_HELP = "check the network, or set SEAWALL_MAVEN_REPOSITORY to a mirror of Maven Central"


class MavenRepository:
    """Downloads from `base_url`."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")

    def fetch(self, artifact: Artifact, target: Path) -> None:
        """Writes the artifact to `target`; tries again after a broken transfer.

        Errors: DevstackError in one line with the artifact, the reason and what to do.
        """
        url = artifact.uri(self._base_url)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return _download(url, target)
            except OSError as error:  # what requests raises, too
                if attempt == _ATTEMPTS or _is_final(error):
                    raise DevstackError(
                        f"{artifact} cannot be downloaded ({_reason(error)}): {_HELP}"
                    ) from error
        return None


def repository_url(environment: Mapping[str, str] = os.environ, settings: Path | None = None) -> str:
    """SEAWALL_MAVEN_REPOSITORY, else the mirror of `central` in ~/.m2/settings.xml, else the default one."""
    if chosen := environment.get("SEAWALL_MAVEN_REPOSITORY"):
        return chosen
    mirror = _mirror_of_central(settings or Path.home() / ".m2" / "settings.xml")
    return mirror or str(Downloader().resolver.base)


def _mirror_of_central(settings: Path) -> str | None:
    try:
        root = ElementTree.parse(settings).getroot()  # noqa: S314 - the user's own file
    except (OSError, ElementTree.ParseError):
        return None
    for mirror in root.iterfind("{*}mirrors/{*}mirror"):
        names = {name.strip() for name in (mirror.findtext("{*}mirrorOf") or "").split(",")}
        if names & {"central", "*", "external:*"} and "!central" not in names:
            return (mirror.findtext("{*}url") or "").strip() or None
    return None


def _download(url: str, target: Path) -> None:
    with (
        Requestor().request(url, None, stream=True, timeout=_TIMEOUT_SECONDS) as response,
        target.open("wb") as file,
    ):
        for chunk in response.iter_content(_CHUNK_BYTES):
            file.write(chunk)


def _is_final(error: OSError) -> bool:
    response = getattr(error, "response", None)
    return response is not None and 400 <= response.status_code < 500


def _reason(error: OSError) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code}"
    known = _KNOWN_REASON.search(str(error))
    return known.group() if known else type(error).__name__
