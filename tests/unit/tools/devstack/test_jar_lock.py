from pathlib import Path

import pytest

from tools.devstack.jars import Jar, default_cache, lock_hash, parse_lock

A = "a" * 64
B = "b" * 64


def test_sections_in_order():
    """Each section has its jars in the order of the file; comments and empty lines do not count."""
    jars = parse_lock(
        f"# by hand\n\n[kafka]\n{B}  org.b:two:2\n{A}  org.a:one:1\n[zipkin]\n{A}  io:z:jar:exec:3\n"
    )
    assert jars == {
        "kafka": [Jar("org.b:two:2", B), Jar("org.a:one:1", A)],
        "zipkin": [Jar("io:z:jar:exec:3", A)],
    }


@pytest.mark.parametrize("line", [f"{A}", f"{A} org.a:one:1", "abc  org.a:one:1", f"{A}  org.a"])
def test_damaged_line(line):
    """A line that is not a hash and coordinates is refused, and shown."""
    with pytest.raises(ValueError, match="not `sha256  coordinates`"):
        parse_lock(f"[kafka]\n{line}\n")


def test_hash_depends_on_jars_and_order():
    """The class archive of one class path is not used for another one."""
    one, two = Jar("g:one:1", A), Jar("g:two:1", B)
    assert lock_hash([one, two]) == lock_hash([one, two])
    assert len({lock_hash(jars) for jars in ([one], [one, two], [two, one])}) == 3


def test_file_names_differ():
    """Equal names of two groups, and two contents of one version, are different files."""
    names = {jar.file_name for jar in (Jar("g:n:1", A), Jar("h:n:1", A), Jar("g:n:1", B))}
    assert len(names) == 3
    assert all(name.endswith(".jar") for name in names)


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"SEAWALL_CACHE": "/cache", "XDG_CACHE_HOME": "/xdg"}, Path("/cache")),
        ({"XDG_CACHE_HOME": "/xdg"}, Path("/xdg/seawall")),
        ({}, Path.home() / ".cache" / "seawall"),
    ],
)
def test_cache_folder(environment, folder):
    """The cache is where the user says, else where the desktop standard says."""
    assert default_cache(environment) == folder
