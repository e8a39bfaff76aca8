"""`infra/pulumi:check`: what is wrong is told before anything is applied."""

import pytest

import checking
from recording import Recorder, Resource


def stack_of(*resources):
    return lambda stack: Recorder(resources=list(resources))


@pytest.mark.parametrize("stack", ["kind", "aws-prod"])
def test_a_stack_as_it_is_passes(stack, capsys):
    """It tells how many resources it looked at."""
    assert checking.main([stack]) == 0
    assert f"{stack}: " in capsys.readouterr().out


def test_a_stack_that_is_not_there_is_refused(capsys):
    """The message names those that are."""
    with pytest.raises(SystemExit):
        checking.main(["aws-proof"])
    assert "aws-prod" in capsys.readouterr().err


def test_what_breaks_a_rule_is_one_line(capsys):
    """With the rule, the resource and the place in it."""
    open_door = {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {"name": "db"},
        "spec": {"type": "LoadBalancer"},
    }
    record = stack_of(Resource("kubernetes:core/v1:Service", "db", open_door))
    assert checking.main(["kind"], record=record) == 1
    assert (
        capsys.readouterr().err == "one door: Service db: is reached from outside; only the gateway may be\n"
    )
