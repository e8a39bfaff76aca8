"""The style sheet, the script and the pictures that never change while the service runs."""

import mimetypes
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Asset:
    """A file held in memory, with a digest that its address carries."""

    body: bytes
    content_type: str
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
        headers = {"Cache-Control": lifetime, "ETag": f'"{asset.digest}"'}
        if any(tag.value == asset.digest for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=asset.body, headers=headers | {"Content-Type": asset.content_type})


def _load(path: Path) -> Asset:
    body = path.read_bytes()
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    content_type = f"{guessed}; charset=utf-8" if guessed.startswith(("text/", "image/svg")) else guessed
    return Asset(body, content_type, blake2b(body, digest_size=8).hexdigest())
