"""The command line of a rehearsal."""

from pathlib import Path

import pytest

from tools.rehearsal.flags import parse


def test_flags_have_defaults_and_can_be_set(tmp_path):
    """Reports go into the data dir unless told otherwise."""
    flags = parse(["--rate", "200", "--duration", "30", "--stock", "1000", "--data-dir", str(tmp_path)])
    assert (flags.rate, flags.duration, flags.stock, flags.profile) == (200, 30, 1000, "poisson")
    assert flags.report_dir == tmp_path / "rehearsals"
    assert parse(["--report-dir", "/tmp/x"]).report_dir == Path("/tmp/x")


def test_customers_try_again_only_in_chaos():
    """Unless told otherwise: without chaos a lost answer is to be seen as such."""
    assert parse([]).tries == 1
    assert parse(["--chaos", "kill"]).tries > 1
    assert parse(["--chaos", "kill", "--tries", "1"]).tries == 1


@pytest.mark.parametrize(
    ("arguments", "limit"),
    [
        (["--rate", "0"], "from 0.1 to 50,000"),
        (["--duration", "soon"], "a number from 1 to 86,400"),
        (["--customers", "1.5"], "a whole number from 1 to 1,000,000"),
        (["--stock", "-1"], "from 0 to 1,000,000"),
        (["--skus", "1001"], "from 1 to 1,000"),
        (["--cap", "101"], "from 1 to 100"),
        (["--browse-ratio", "1.1"], "from 0 to 1"),
        (["--browse-ratio", "nan"], "from 0 to 1"),
        (["--profile", "spike"], "flash"),
        (["--chaos", "monkey"], "kill"),
        (["--chaos-every", "0.1"], "from 0.5 to 3,600"),
        (["--tries", "0"], "from 1 to 20"),
    ],
)
def test_a_bad_flag_is_named_with_its_limit(arguments, limit, capsys):
    """The exit code is 2, and stderr says which flag and what it may be."""
    with pytest.raises(SystemExit) as stopped:
        parse(arguments)
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert arguments[0] in said
    assert limit in said


def test_help_names_every_flag(capsys):
    """--help exits with 0."""
    with pytest.raises(SystemExit) as stopped:
        parse(["--help"])
    said = capsys.readouterr().out
    assert stopped.value.code == 0
    for flag in ("--rate", "--duration", "--customers", "--stock", "--skus", "--seed", "--profile"):
        assert flag in said
