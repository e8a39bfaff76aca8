import pytest

from tools.devstack.failures import explain, last_line


@pytest.mark.parametrize(
    ("log", "library"),
    [
        ("postgres: error while loading shared libraries: libz.so.1: cannot open shared object", "libz.so.1"),
        ("dyld[1]: Library not loaded: /usr/lib/libz.1.dylib\n  Referenced from: x", "/usr/lib/libz.1.dylib"),
        (
            "java.lang.UnsatisfiedLinkError: /jdk/lib/libnet.so: libnsl.so.2: cannot open shared object file",
            "libnsl.so.2",
        ),
    ],
)
def test_missing_library(log, library):
    """A missing shared library is named in one line, with who needs it."""
    line = explain("postgres", log)
    assert line is not None
    assert "\n" not in line
    assert line.startswith("postgres cannot run")
    assert library in line


def test_old_system():
    """A system that is too old for the program is named as that."""
    line = explain("kafka", "java: /lib/libc.so.6: version `GLIBC_2.34' not found (required by java)")
    assert line is not None
    assert "GLIBC_2.34" in line


def test_port_taken():
    """A port that was taken in the last moment is named as that."""
    line = explain("valkey", "Could not create server TCP listening socket: Address already in use")
    assert line == "valkey cannot listen: its port is in use by another program"


def test_unknown_reason():
    """Other output is not explained, and its last line can be shown instead."""
    assert explain("valkey", "Ready to accept connections") is None
    assert last_line("one\ntwo  \n\n") == "two"
    assert last_line("") == "it wrote nothing"
