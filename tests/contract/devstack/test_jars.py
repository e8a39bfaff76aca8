"""The jar cache against a Maven repository that is a folder behind a real HTTP server."""

import functools
import hashlib
import http.server
import threading

import pytest

from tools.devstack.failures import DevstackError
from tools.devstack.jars import CorruptJar, Jar, JarCache, locked_jars
from tools.devstack.maven import MavenRepository, repository_url
from tools.devstack.progress import Progress

JARS = {f"org.example:part-{number}:1.{number}": b"jar %d " % number * 1000 for number in range(12)}


class CountingHandler(http.server.SimpleHTTPRequestHandler):
    """Remembers what was asked for."""

    asked: list[str]

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def asked():
    """The paths that the repository was asked for."""
    return []


@pytest.fixture
def repository(tmp_path, asked):
    """The URL of a repository that has JARS."""
    root = tmp_path / "repository"
    for coordinates, data in JARS.items():
        _, name, version = coordinates.split(":")
        folder = root / "org" / "example" / name / version
        folder.mkdir(parents=True)
        (folder / f"{name}-{version}.jar").write_bytes(data)
    handler = type("Handler", (CountingHandler,), {"asked": asked})
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(root))
    ) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, repository):
    return JarCache(tmp_path / "cache", MavenRepository(repository).fetch)


@pytest.fixture
def lines():
    return []


@pytest.fixture
def progress(lines):
    return Progress(write=lines.append, clock=lambda: 0.0)


def locked(data=None):
    return [
        Jar(coordinates, hashlib.sha256(data or content).hexdigest()) for coordinates, content in JARS.items()
    ]


async def test_fetches_once(cache, asked, progress, lines):
    """All jars come in their order, with progress; a second time nothing is asked for."""
    paths = await cache.ensure("kafka", locked(), progress)
    assert [path.read_bytes() for path in paths] == list(JARS.values())
    assert lines[0].endswith("kafka: downloading 12 jars")
    assert "kafka: 12/12 jars" in lines[-1]
    assert len(asked) == len(JARS)

    assert await cache.ensure("kafka", locked(), progress) == paths
    assert len(asked) == len(JARS)


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"X" + data[1:], lambda data: b""])
async def test_damaged_cache_heals(cache, asked, progress, lines, damage):
    """A jar that was cut off or changed on the disk is noticed, told, and it alone is fetched again."""
    paths = await cache.ensure("kafka", locked(), progress)
    whole = paths[3].read_bytes()
    paths[3].write_bytes(damage(whole))
    asked.clear()

    await cache.ensure("kafka", locked(), progress)

    assert paths[3].read_bytes() == whole
    assert len(asked) == 1
    assert any("1 of them damaged in the cache" in line for line in lines)


async def test_wrong_download_is_refused(cache, tmp_path, progress):
    """What is not what the lock file names does not get into the cache; the one line names the jar."""
    jars = [Jar(next(iter(JARS)), "0" * 64)]
    with pytest.raises(CorruptJar, match=r"^org\.example:part-0:1\.0 .*SEAWALL_MAVEN_REPOSITORY$"):
        await cache.ensure("kafka", jars, progress)
    assert list((tmp_path / "cache").iterdir()) == []


async def test_missing_jar(cache, progress, tmp_path):
    """A jar that the repository lacks is one line with its status and what to do; others stay out."""
    jars = [*locked(), Jar("org.example:absent:1", "0" * 64)]
    with pytest.raises(DevstackError, match=r"^org\.example:absent:1 cannot be .*HTTP status 404.*mirror"):
        await cache.ensure("kafka", jars, progress)
    assert not [path for path in (tmp_path / "cache").iterdir() if path.name.startswith(".")]


async def test_no_network(tmp_path, progress):
    """A repository that cannot be reached is one line."""
    cache = JarCache(tmp_path / "cache", MavenRepository("http://127.0.0.1:1").fetch)
    with pytest.raises(DevstackError, match=r"downloaded \(Connection refused\): check the network"):
        await cache.ensure("kafka", locked(), progress)


def mirror_settings(tmp_path, mirror_of):
    path = tmp_path / "settings.xml"
    path.write_text(
        '<settings xmlns="urn:maven:settings"><mirrors><mirror><id>m</id>'
        f"<mirrorOf>{mirror_of}</mirrorOf><url>http://mirror.test/maven</url></mirror></mirrors></settings>"
    )
    return path


@pytest.mark.parametrize("mirror_of", ["central", "*", "external:*", "other, central"])
def test_mirror_of_maven_is_used(tmp_path, mirror_of):
    """A mirror of central in Maven's settings is used, unless the user set one for us."""
    settings = mirror_settings(tmp_path, mirror_of)
    assert repository_url({}, settings) == "http://mirror.test/maven"
    assert repository_url({"SEAWALL_MAVEN_REPOSITORY": "http://own.test"}, settings) == "http://own.test"


@pytest.mark.parametrize("mirror_of", ["other", "*,!central"])
def test_other_mirrors_are_not(tmp_path, mirror_of):
    """A mirror of something else, no settings, or damaged ones leave the default repository."""
    default = repository_url({}, tmp_path / "absent.xml")
    assert default.startswith("https://")
    assert repository_url({}, mirror_settings(tmp_path, mirror_of)) == default
    (tmp_path / "settings.xml").write_text("<settings>")
    assert repository_url({}, tmp_path / "settings.xml") == default


def test_lock_file_names_kafka():
    """The lock file that we ship can be read, and has the versions that the devstack is made for."""
    coordinates = {jar.coordinates for jar in locked_jars("kafka")}
    assert {"org.apache.kafka:kafka_2.13:4.1.1", "org.slf4j:slf4j-simple:1.7.36"} <= coordinates
