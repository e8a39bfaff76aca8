"""The style sheet, the script and the pictures that never change while the service runs."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from seawall.web import entity_tag, tagged_response


@dataclass(frozen=True, slots=True)
class Asset:
    """A file held in memory, with a digest that its address carries."""

    body: bytes
    content_type: str
    charset: str | None
    digest: str


class Assets:
    """All files of a folder; an address with the right digest may be kept for a year."""

    def __init__(self, folder: Path) -> None:
        self._assets = {path.name: _load(path) for path in sorted(folder.iterdir()) if path.is_file()}

    def url(self, name: str) -> str:
        """The address of a file. Raises KeyError where there is none."""
        return f"/static/{name}?v={self._assets[name].digest}"

    async def serve(self, request: web.Request) -> web.Response:
        """GET /static/{name}."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        is_current = request.query.get("v") == asset.digest
        lifetime = "public, max-age=31536000, immutable" if is_current else "public, max-age=60"
        return tagged_response(
            request,
            asset.body,
            asset.digest,
            headers={"Cache-Control": lifetime},
            content_type=asset.content_type,
            charset=asset.charset,
        )


def _load(path: Path) -> Asset:
    body = path.read_bytes()
    content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    charset = "utf-8" if content_type.startswith(("text/", "image/svg")) else None
    return Asset(body, content_type, charset, entity_tag(body))
