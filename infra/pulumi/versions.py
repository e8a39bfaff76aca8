"""Every chart and image that the programs install, each pinned, on this page alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chart:
    """A Helm chart of a repository, at one version."""

    name: str
    repository: str
    version: str


# The version of Kubernetes that AWS runs, and its add-ons: `aws eks describe-addon-versions`.
EKS = "1.35"
EKS_ADDONS = {
    "vpc-cni": "v1.21.1-eksbuild.7",
    "kube-proxy": "v1.35.3-eksbuild.21",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "coredns": "v1.13.2-eksbuild.21",
    "aws-ebs-csi-driver": "v1.60.0-eksbuild.1",
}
BOTTLEROCKET = "1.63.0"

KARPENTER = Chart("karpenter", "oci://public.ecr.aws/karpenter", "1.11.1")
CLUSTER_AUTOSCALER = Chart("cluster-autoscaler", "https://kubernetes.github.io/autoscaler", "9.59.0")
# The autoscaler is of the minor version of its cluster.
CLUSTER_AUTOSCALER_TAG = "v1.35.2"

# The stores that AWS runs.
AURORA_POSTGRES = "17.9"
MSK_KAFKA = "4.1.x.kraft"
ELASTICACHE_VALKEY = "8.1"
DOCUMENTDB = "5.0.0"
OPENSEARCH = "OpenSearch_2.19"

EXTERNAL_SECRETS = Chart("external-secrets", "https://charts.external-secrets.io", "2.11.0")
# With the exporter v0.62.1. Its configuration was read by v0.61.2, whose module can be had.
CLOUD_WATCH_EXPORTER = Chart(
    "prometheus-yet-another-cloudwatch-exporter",
    "https://prometheus-community.github.io/helm-charts",
    "0.50.0",
)
EXTERNAL_DNS = Chart("external-dns", "https://kubernetes-sigs.github.io/external-dns", "1.22.0")
LOAD_BALANCER_CONTROLLER = Chart("aws-load-balancer-controller", "https://aws.github.io/eks-charts", "3.5.0")

# psql, for the roles of the services in a PostgreSQL of AWS.
POSTGRES_CLIENT = "docker.io/library/postgres:17.9-alpine3.22"

# The stores that run in the cluster.
STRIMZI = Chart("strimzi-kafka-operator", "oci://quay.io/strimzi-helm", "0.50.0")
KAFKA = "4.1.1"
CLOUD_NATIVE_PG = Chart("cloudnative-pg", "https://cloudnative-pg.github.io/charts", "0.27.1")
CLOUD_NATIVE_PG_POSTGRES = "ghcr.io/cloudnative-pg/postgresql:17.9"
# The plugin 0.15.0; its resource definitions in the lab are of the same version.
BARMAN_CLOUD = Chart("plugin-barman-cloud", "https://cloudnative-pg.github.io/charts", "0.8.0")
VALKEY = "docker.io/valkey/valkey:8.1.4-alpine3.22"
# The operator takes the image `<version>-<type>` of MongoDB's own registry.
MONGODB_OPERATOR = Chart("mongodb-kubernetes", "https://mongodb.github.io/helm-charts", "1.11.1")
MONGODB, MONGODB_IMAGE_TYPE = "8.0.32", "ubi8"
# The chart's version is the server's; 5.26 is the release with long-term support.
NEO4J = Chart("neo4j", "https://helm.neo4j.com/neo4j", "5.26.21")
# Its names are those of v1.54.0, whose module can be had: tests/contract/store_metrics runs that one.
REDIS_EXPORTER = "docker.io/oliver006/redis_exporter:v1.80.1"

# Its resource definitions in the lab are of the same version.
CERT_MANAGER = Chart("cert-manager", "https://charts.jetstack.io", "v1.21.2")

# In the order in which they are installed.
ISTIO_CHARTS = tuple(
    Chart(name, "https://istio-release.storage.googleapis.com/charts", "1.28.0")
    for name in ("base", "cni", "istiod", "ztunnel")
)

# Since 2.15 its project releases edge alone (ADR 38). The three are of one release, edge-26.6.3.
LINKERD_CRDS, LINKERD_CNI, LINKERD = (
    Chart(name, "https://helm.linkerd.io/edge", "2026.6.3")
    for name in ("linkerd-crds", "linkerd2-cni", "linkerd-control-plane")
)
# Its resource definitions in the lab are of the same version.
TRUST_MANAGER = Chart("trust-manager", "https://charts.jetstack.io", "v0.25.0")

# Its resource definitions in the lab are of the same version.
ECK_OPERATOR = Chart("eck-operator", "https://helm.elastic.co", "3.5.0")
ELASTIC = "9.3.0"
CURL = "docker.io/curlimages/curl:8.17.0"
FLUENT_BIT = Chart("fluent-bit", "https://fluent.github.io/helm-charts", "0.55.0")

OTEL_COLLECTOR = "docker.io/otel/opentelemetry-collector-contrib:0.152.1"
JAEGER = "docker.io/jaegertracing/jaeger:2.11.0"
ZIPKIN = "docker.io/openzipkin/zipkin:3.5.1"

# Pods that hold room free, and the hand that raises floors.
PAUSE = "registry.k8s.io/pause:3.10.1"
KUBECTL = "registry.k8s.io/kubectl:v1.35.4"

KEDA = Chart("keda", "https://kedacore.github.io/charts", "2.21.0")
PROMETHEUS_ADAPTER = Chart(
    "prometheus-adapter", "https://prometheus-community.github.io/helm-charts", "5.2.0"
)
# With prometheus-operator 0.85.
KUBE_PROMETHEUS_STACK = Chart(
    "kube-prometheus-stack", "https://prometheus-community.github.io/helm-charts", "77.14.0"
)
METRICS_SERVER = Chart("metrics-server", "https://kubernetes-sigs.github.io/metrics-server", "3.13.0")
