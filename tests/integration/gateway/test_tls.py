"""TLS of the door, by a real Envoy on files that are replaced as kubelet replaces a Secret."""

import asyncio
import ssl

import aiohttp
import pytest

from certificates import make_certificates
from seawall.testing import free_port, until
from services.gateway.envoy_config.tls import Tls


class Mounted:
    """A Secret as kubelet mounts it: files are links through `..data`, which is replaced by a rename."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        for name in ("tls.crt", "tls.key"):
            (folder / name).symlink_to(f"..data/{name}")

    def put(self, made, version):
        """Another certificate with its key; both change at once."""
        pem = made.server.read_text()
        key, mark, certificate = pem.partition("-----BEGIN CERTIFICATE-----")
        (self.folder / version).mkdir()
        (self.folder / version / "tls.key").write_text(key)
        (self.folder / version / "tls.crt").write_text(mark + certificate)
        (self.folder / "..next").symlink_to(version)
        (self.folder / "..next").rename(self.folder / "..data")

    def tls(self):
        return Tls(free_port(), self.folder / "tls.crt", self.folder / "tls.key")


@pytest.fixture
def mounted(tmp_path):
    return Mounted(tmp_path / "secret")


async def status(port, made):
    """Of an answer by TLS to who trusts this authority alone; None if the server is not believed."""
    trusted = ssl.create_default_context(cafile=made.authority)
    connector = aiohttp.TCPConnector(ssl=trusted)
    async with aiohttp.ClientSession(connector=connector) as session:
        try:
            async with session.get(f"https://127.0.0.1:{port}/v1/products") as response:
                return response.status
        except aiohttp.ClientConnectorCertificateError:
            return None


async def test_the_shop_is_served_by_tls(start_gateway, mounted, tmp_path):
    """By the certificate in the files; the plain port goes on beside it."""
    made = make_certificates(tmp_path / "first")
    mounted.put(made, "v1")
    tls = mounted.tls()
    async with start_gateway(tls=tls) as gateway:
        assert await status(tls.port, made) == 200
        async with gateway.request("GET", "/v1/products") as response:
            assert response.status == 200


async def test_a_replaced_certificate_is_taken(start_gateway, mounted, tmp_path):
    """Without a restart: who trusts only the new authority is served, who trusts only the old is not."""
    old, new = (make_certificates(tmp_path / name) for name in ("old", "new"))
    mounted.put(old, "v1")
    tls = mounted.tls()
    async with start_gateway(tls=tls) as gateway:
        first = gateway.process.pid
        assert (await status(tls.port, old), await status(tls.port, new)) == (200, None)
        mounted.put(new, "v2")

        async def is_taken():
            return await status(tls.port, new) == 200

        await until(is_taken)
        assert await status(tls.port, old) is None
        assert gateway.process.pid == first


async def test_an_old_version_of_tls_is_refused(start_gateway, mounted, tmp_path):
    """1.2 is the least."""
    made = make_certificates(tmp_path / "first")
    mounted.put(made, "v1")
    tls = mounted.tls()
    context = ssl.create_default_context(cafile=made.authority)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    async with start_gateway(tls=tls):
        with pytest.raises(ssl.SSLError, match="VERSION"):
            await asyncio.open_connection("127.0.0.1", tls.port, ssl=context)
