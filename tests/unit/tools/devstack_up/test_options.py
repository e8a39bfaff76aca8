"""The command line of `up`."""

from pathlib import Path

import pytest

from tools.devstack.options import DEFAULT_PORT, UpOptions, parse_options


def test_nothing_said():
    """All of the shop, in front, on the default port, data in the checkout."""
    options = parse_options([])
    assert (options.port, options.action, options.replicas, options.only) == (DEFAULT_PORT, "run", (), ())
    assert options.data_dir.name == ".seawall"


def test_everything_said():
    """Each option arrives."""
    options = parse_options(
        ["--replicas", "orders=2,catalog=3", "--replicas", "payments=2", "--only", "orders,payments",
         "--only", "gateway", "--fresh", "--data-dir", "/tmp/x", "--port", "0", "--detach"]
    )  # fmt: skip
    assert options == UpOptions(
        data_dir=Path("/tmp/x"),
        port=0,
        replicas=(("catalog", 3), ("orders", 2), ("payments", 2)),
        only=("orders", "payments", "gateway"),
        fresh=True,
        action="detach",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--replicas", "orders"], "'orders' is not SERVICE=N with N from 1 to 16"),
        (["--replicas", "orders=0"], "'orders=0' is not SERVICE=N"),
        (["--replicas", "gateway=2"], "'gateway' cannot have replicas"),
        (["--only", "order"], "'order' is not a service; known: accounts"),
        (["--port", "70000"], "'70000' is not a port"),
        (["--images", "seawall/orders:1"], "'seawall/orders:1' is not the tag of an image"),
        (["--stop", "--status"], "not allowed with"),
        (["--deta"], "unrecognized arguments"),
    ],
)
def test_wrong_options_are_refused(arguments, message, capsys):
    """Exit code 2 and what would be right."""
    with pytest.raises(SystemExit) as refusal:
        parse_options(arguments)
    assert refusal.value.code == 2
    assert message in capsys.readouterr().err


def test_help_shows_every_option(capsys):
    """And examples."""
    with pytest.raises(SystemExit):
        parse_options(["--help"])
    text = capsys.readouterr().out
    for option in (
        "--replicas",
        "--only",
        "--fresh",
        "--data-dir",
        "--port",
        "--detach",
        "--stop",
        "--status",
    ):
        assert option in text
    assert "examples:" in text
