"""What the lab is made of: programs by their Go modules, each locked, and the definitions of resources."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from tools.kubelab import strimzi

KUBERNETES = "1.35.4"
_VERSION = "k8s.io/component-base/version"


@dataclass(frozen=True)
class Programs:
    """Main packages of one locked set of modules; `lock` names its files in modules/.

    `output` renames the program of a single package; `minutes` is the CPU time of a first build here.
    """

    lock: str
    version: str
    packages: tuple[str, ...]
    output: str = ""
    linker_flags: str = "-s -w"
    tags: str = ""
    minutes: float = 1.0

    def lock_files(self) -> dict[str, str]:
        """go.mod and go.sum."""
        folder = resources.files("tools.kubelab") / "modules"
        return {
            f"go.{ending}": folder.joinpath(f"{self.lock}.{ending}").read_text() for ending in ("mod", "sum")
        }


@dataclass(frozen=True)
class Definitions:
    """CustomResourceDefinitions in a module: its files by patterns, its content by the go command's sum."""

    name: str
    module: str
    version: str
    sum: str
    files: tuple[str, ...]


PROGRAMS = (
    Programs(
        "kubernetes",
        KUBERNETES,
        tuple(
            f"k8s.io/kubernetes/cmd/{name}"
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
        ),
        linker_flags=f"-s -w -X {_VERSION}.gitVersion=v{KUBERNETES} "
        f"-X {_VERSION}.gitMajor=1 -X {_VERSION}.gitMinor={KUBERNETES.split('.')[1]}",
        minutes=11,
    ),
    Programs("etcd", "3.6.16", ("go.etcd.io/etcd/server/v3",), output="etcd"),
    Programs("kwok", "0.8.0", ("sigs.k8s.io/kwok/cmd/kwok",), minutes=3),
    Programs("metrics-server", "0.8.0", ("sigs.k8s.io/metrics-server/cmd/metrics-server",), minutes=2),
    Programs("karpenter", "1.14.1", ("sigs.k8s.io/karpenter/kwok",), output="karpenter", minutes=2),
    *(
        Programs(
            "keda", "2.21.0", (f"github.com/kedacore/keda/v2/cmd/{name}",), f"keda-{name}", minutes=minutes
        )
        for name, minutes in (("operator", 16), ("adapter", 2))
    ),
    # What finds targets in clouds is left out: the lab lists them in files.
    Programs(
        "prometheus",
        "0.316.0",
        ("github.com/prometheus/prometheus/cmd/prometheus",),
        output="prometheus",
        tags="remove_all_sd",
        minutes=4,
    ),
)

DEFINITIONS = (
    Definitions(
        "cert-manager",
        "github.com/cert-manager/cert-manager",
        "v1.21.2",
        "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
        ("deploy/crds/*.yaml",),
    ),
    Definitions(
        "trust-manager",
        "github.com/cert-manager/trust-manager",
        "v0.25.0",
        "h1:nGtkHH9wEacI5uACdsq8wqCKWsCw1PMrwHPJcrUFUXA=",
        ("deploy/crds/trust.cert-manager.io_bundles.yaml",),
    ),
    Definitions(
        "keda",
        "github.com/kedacore/keda/v2",
        "v2.21.0",
        "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
        ("config/crd/bases/*.yaml",),
    ),
    Definitions(
        "prometheus-operator",
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        ("example/prometheus-operator-crd/*.yaml",),
    ),
    Definitions(
        "eck",
        "github.com/elastic/cloud-on-k8s/v3",
        "v3.5.0",
        "h1:sR4oj+gNnwI9hgsKhBwjUlx+5F2T/kND40hrzaogtek=",
        ("config/crds/v1/all-crds.yaml",),
    ),
    Definitions(
        "istio",
        "istio.io/api",
        "v1.28.0",
        "h1:0fYY9G03CAdFwE/fCkpr0v7kKsy+Hz9OCCjLNBNLbnU=",
        ("kubernetes/customresourcedefinitions.gen.yaml",),
    ),
    Definitions(
        "cloudnative-pg",
        "github.com/cloudnative-pg/cloudnative-pg",
        "v1.28.1",
        "h1:HdOUWgFhta558uHfXeO/199qCApxaj5yi05x6nWNmgs=",
        ("config/crd/bases/*.yaml",),
    ),
    # The proxy refuses mongodb-kubernetes; this is the operator that went into it, with the same v1.
    Definitions(
        "mongodb-community",
        "github.com/mongodb/mongodb-kubernetes-operator",
        "v0.13.0",
        "h1:tbR6z7f3DZmeQJgPsC+Xp193kdADMzcwFGqlTvO9gh0=",
        ("config/crd/bases/*.yaml",),
    ),
    Definitions(
        "plugin-barman-cloud",
        "github.com/cloudnative-pg/plugin-barman-cloud",
        "v0.15.0",
        "h1:gNVytrzzYUE08wxLDrjfJqy1FPPSFkMe1OEr4s4pVI0=",
        ("config/crd/bases/*.yaml",),
    ),
    Definitions(
        "karpenter",
        "sigs.k8s.io/karpenter",
        "v1.14.1",
        "h1:GjqvOHLjl2+OXM0ti5VEZSQuvcitB0pETd8zdChXEtI=",
        ("pkg/apis/crds/*.yaml", "kwok/apis/crds/*.yaml"),
    ),
    Definitions(
        "karpenter-aws",
        "github.com/aws/karpenter-provider-aws",
        "v1.12.0",
        "h1:i85sVPjpZ0kfUCGZEbg5h1c5FF4M7UrdsQIKYwZHIJA=",
        ("pkg/apis/crds/karpenter.k8s.aws_*.yaml",),
    ),
    Definitions(
        "external-secrets",
        "github.com/external-secrets/external-secrets",
        "v0.20.4",
        "h1:HhNAjWfFEshhItphr28SGsHzf2bUP7uDAOVLg76uNAg=",
        ("config/crds/bases/external-secrets.io_*.yaml",),
    ),
)
# How simulated nodes and pods behave and what they report, of kwok's own module.
SIMULATION = (
    "kustomize/stage/node/fast/*.yaml",
    "kustomize/stage/node/heartbeat-with-lease/*.yaml",
    "kustomize/stage/pod/general/*.yaml",
    "kustomize/metrics/resource/metrics-resource.yaml",
    "kustomize/metrics/usage/usage-from-annotation.yaml",
)


def own_stages() -> str:
    """What nodes need beside kwok's own stages."""
    return (resources.files("tools.kubelab") / "manifests" / "stages.yaml").read_text()


def key() -> str:
    """Names what a build gives: it changes with every version, lock and flag."""
    digest = hashlib.sha256()
    for part in _parts():
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def _parts() -> Iterator[str]:
    for programs in PROGRAMS:
        yield repr(programs)
        yield from programs.lock_files().values()
    yield from (repr(definitions) for definitions in DEFINITIONS)
    yield from SIMULATION
    yield own_stages()
    yield strimzi.lock()
