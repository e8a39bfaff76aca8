"""The lab's own parts, without a build."""

import ssl
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tools.devstack.failures import DevstackError
from tools.devstack.progress import silent
from tools.kubelab.build import UNFINISHED, Built, cache_folder, ensure_built, find_built
from tools.kubelab.cli import NOT_BUILT, main
from tools.kubelab.credentials import ADMINISTRATORS, Credentials
from tools.kubelab.furnishing import ZONES, node
from tools.kubelab.plan import PORTS, Plan
from tools.kubelab.programs import DEFINITIONS, PROGRAMS, key
from tools.kubelab.site import Site


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "credentials", 16443)


@pytest.fixture
def plan(tmp_path: Path, credentials: Credentials) -> Plan:
    ports = {name: 16000 + number for number, name in enumerate(PORTS)}
    return Plan(Site(Built(tmp_path), tmp_path, ports, credentials), karpenter=True, keda=True)


async def nothing() -> None:
    return None


def test_every_program_is_locked_to_the_version_that_is_told() -> None:
    """go.mod requires it, go.sum has its hash, for each main package."""
    for programs in PROGRAMS:
        files = programs.lock_files()
        hashed = [
            line.split()[0] for line in files["go.sum"].splitlines() if f" v{programs.version} h1:" in line
        ]
        [module] = [name for name in hashed if programs.packages[0].startswith(name)]
        assert f"{module} v{programs.version}" in files["go.mod"]
        assert all(package.startswith(module) for package in programs.packages)


def test_definitions_are_pinned_by_their_sum() -> None:
    """A module that was changed under its version is found."""
    assert all(each.sum.startswith("h1:") and each.version.startswith("v") for each in DEFINITIONS)


def test_the_key_is_the_same_for_the_same_versions() -> None:
    """A build is found again."""
    assert key() == key()
    assert len(key()) == 16


def test_the_cache_is_beside_the_other_downloads(tmp_path: Path) -> None:
    """SEAWALL_CACHE names it."""
    assert cache_folder({"SEAWALL_CACHE": str(tmp_path)}) == tmp_path / "kubelab"


def test_without_go_the_reason_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what is missing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DevstackError, match="no program go here"):
        ensure_built(tmp_path / "cache", silent())
    assert find_built(tmp_path / "cache") is None


@pytest.fixture
def failing_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "go").write_text("#!/bin/sh\necho no such module >&2\nexit 1\n")
    (folder / "go").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.usefixtures("failing_go")
def test_a_build_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    """The reason is told; what an earlier one had left when it was killed is gone, too."""
    cache = tmp_path / "cache"
    (cache / f"{UNFINISHED}killed" / "result").mkdir(parents=True)
    with pytest.raises(DevstackError, match="no such module"):
        ensure_built(cache, silent())
    assert find_built(cache) is None
    assert not [each for each in cache.iterdir() if each.is_dir()]


def test_what_is_not_built_is_told_by_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A test that only wants a warm lab can skip."""
    monkeypatch.setenv("SEAWALL_CACHE", str(tmp_path))
    assert main(["--folder", str(tmp_path), "up", "--only-if-built"]) == NOT_BUILT
    assert "not built" in capsys.readouterr().err


def test_there_is_no_shell_environment_of_a_lab_that_is_not_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and how to start it."""
    assert main(["--folder", str(tmp_path), "env"]) == 1
    assert "up --detach" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["-1", "501", "many"])
def test_a_number_of_nodes_out_of_bounds_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the limit."""
    with pytest.raises(SystemExit):
        main(["up", f"--nodes={number}"])
    assert "from 0 to 500" in capsys.readouterr().err


def test_a_kubeconfig_lets_its_user_in(credentials: Credentials) -> None:
    """Its certificate names user and group, and is of the authority that the file trusts."""
    config = yaml.safe_load(credentials.kubeconfig("admin", ADMINISTRATORS).read_text())
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:16443"
    pair = credentials.issue("admin", ADMINISTRATORS)
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    authority = x509.load_pem_x509_certificate(credentials.authority.read_bytes())
    assert certificate.subject.rfc4514_string() == f"O={ADMINISTRATORS},CN=admin"
    certificate.verify_directly_issued_by(authority)
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(pair.certificate, pair.key)


def test_keys_are_their_owners_alone(credentials: Credentials) -> None:
    """Nobody else may read a key or a kubeconfig."""
    pair, config = credentials.issue("kwok"), credentials.kubeconfig("admin")
    assert {file.stat().st_mode & 0o077 for file in (pair.key, config)} == {0}


def test_all_programs_listen_on_loopback(plan: Plan) -> None:
    """No flag names another address."""
    for unit in plan.units(nothing):
        flags = " ".join(unit.server.launch().argv)
        assert "0.0.0.0" not in flags
        assert unit.server.address.startswith("127.0.0.1:")
        if unit.name != "karpenter":  # which has no flag for it
            assert "127.0.0.1" in flags


def test_who_needs_whom_is_there(plan: Plan) -> None:
    """And the cluster is furnished before anybody uses its server."""
    units = {unit.name: unit for unit in plan.units(nothing)}
    assert all(needed in units for unit in units.values() for needed in unit.needs)
    assert units["kube-apiserver"].after_ready is nothing
    of_the_cluster = units.keys() - {"etcd", "kube-apiserver", "prometheus"}
    assert all(
        {"kube-apiserver", "kwok", "keda-operator"} & set(units[name].needs) for name in of_the_cluster
    )


async def test_what_a_program_reads_is_written_for_it_alone(plan: Plan) -> None:
    """Before it starts: a key among it, and the certificate of a pair that trusts one authority."""
    [operator] = [unit.server for unit in plan.units(nothing) if unit.name == "keda-operator"]
    await operator.prepare(silent())
    files = {file.name: file for file in (plan.site.folder / "keda-operator").iterdir()}
    assert set(files) == {"tls.crt", "tls.key", "ca.crt"}
    assert {file.stat().st_mode & 0o077 for file in files.values()} == {0}
    authority = x509.load_pem_x509_certificate(files["ca.crt"].read_bytes())
    x509.load_pem_x509_certificate(files["tls.crt"].read_bytes()).verify_directly_issued_by(authority)


def test_keda_without_its_definitions_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """It would wait for them for ever."""
    with pytest.raises(SystemExit):
        main(["up", "--keda", "--no-definitions"])
    assert "not allowed with argument" in capsys.readouterr().err


def test_nodes_are_spread_over_the_zones() -> None:
    """One after the other."""
    zones = [node(number)["metadata"]["labels"]["topology.kubernetes.io/zone"] for number in range(4)]  # type: ignore[index]
    assert zones == [*ZONES, ZONES[0]]
