"""The lab itself: what it simulates runs, and nothing of it is left behind."""

import os
import signal
import subprocess

import pytest

from applied.lab import kubelab, running_lab

PATIENCE = "--timeout=240s"
THREE_PODS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: three, namespace: default}
spec:
  replicas: 3
  selector: {matchLabels: {app: three}}
  template:
    metadata: {labels: {app: three}}
    spec: {containers: [{name: app, image: registry.example/app:1}]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def lab(folder):
    """Without definitions: up in seconds."""
    with running_lab(folder, "--no-definitions") as made:
        made.kubectl("wait", "--for=condition=Ready", "node", "--all", PATIENCE)
        yield made


def processes_of(folder):
    """Their command lines; each of the lab's programs is told its folder."""
    lines = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in lines.splitlines() if str(folder) in line]


def test_nodes_are_in_three_zones(lab):
    """Ready, and as many as were asked for."""
    zones = "jsonpath={.items[*].metadata.labels.topology\\.kubernetes\\.io/zone}"
    assert lab.kubectl("get", "nodes", f"--output={zones}").split() == ["zone-a", "zone-b", "zone-c"]


def test_a_deployment_runs_on_them(lab):
    """Made by the controllers, placed by the scheduler, started by kwok."""
    lab.apply(THREE_PODS)
    lab.kubectl("wait", "--for=jsonpath={.status.availableReplicas}=3", "deployment/three", PATIENCE)
    places = lab.kubectl(
        "get", "pods", "--selector=app=three", "--output=jsonpath={.items[*].spec.nodeName}"
    ).split()
    assert sorted(places) == ["node-0", "node-1", "node-2"]


def test_what_runs_is_told_with_its_address(lab, folder):
    """Each program, its process, its port."""
    lines = kubelab(folder, "status").stdout.splitlines()
    listed = {line.split()[0]: line.split()[1:] for line in lines if line.startswith("  ")}
    assert {"etcd", "kube-apiserver", "kube-scheduler", "kube-controller-manager", "kwok"} <= set(listed)
    assert all(pid.isdecimal() and address.startswith("127.0.0.1:") for pid, address in listed.values())


def test_no_process_is_left_when_it_is_down(tmp_path):
    """Neither a program nor who keeps them."""
    with running_lab(tmp_path, "--no-definitions"):
        assert len(processes_of(tmp_path)) > 5
    assert processes_of(tmp_path) == []
    assert kubelab(tmp_path, "status").returncode == 1


def test_a_killed_supervisor_leaves_no_process(tmp_path):
    """`down` ends what is still there; it may be told twice."""
    with running_lab(tmp_path, "--no-definitions"):
        os.kill(int((tmp_path / "lock").read_text()), signal.SIGKILL)
    assert processes_of(tmp_path) == []
