"""The inventory of a stack: what there is, in the order in which it comes up."""

from datetime import UTC, datetime

import pulumi

from components.alert_rules import AlertRules
from components.capacity_namespace import CapacityNamespace
from components.cert_manager import CertManager
from components.dashboards import Dashboards
from components.headroom import Headroom
from components.logs.elastic_logs import ElasticLogs
from components.metrics import Metrics
from components.pre_scaling import PreScaling
from components.priorities import Priorities
from components.shop_namespace import ShopNamespace
from components.tracing import Tracing
from configuration import stack_settings
from foundation_aws import aws_foundation
from meshes import chosen_mesh
from platform_aws import aws_platform
from platform_kind import kind_platform
from sale_floors import ended
from shop_services import shop
from workloads import GATEWAY, workloads_of

settings = stack_settings()
workloads = workloads_of(production=settings.production)
settings.check_services({*(each.name for each in workloads), "gateway"})
settings.check_stores({each.name: each.stores for each in workloads})

foundation = aws_foundation(settings, settings.aws) if settings.aws else None
options = foundation.options if foundation else pulumi.ResourceOptions()
priorities = Priorities(opts=options)
cert_manager = CertManager(opts=options) if settings.makes_certificates else None
mesh = chosen_mesh(settings.mesh, cert_manager, options)
membership = mesh.membership
in_mesh = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=list(mesh.before_pods)))
metrics = Metrics(
    settings.scaling,
    membership,
    remote_write=foundation.remote_write if foundation else None,
    alerts=settings.observability.alerts,
    storage_gib=settings.observability.metrics_storage_gib,
    opts=in_mesh,
)
tracing = Tracing(settings.observability, opts=options)
if settings.observability.logs == "eck":
    ElasticLogs(
        settings.observability,
        membership,
        opts=pulumi.ResourceOptions.merge(in_mesh, pulumi.ResourceOptions(depends_on=[priorities])),
    )
namespace = ShopNamespace(membership, opts=options)
if settings.aws and foundation:
    platform = aws_platform(settings, settings.aws, foundation, namespace.name, workloads, metrics)
else:
    platform = kind_platform(settings, namespace.name, workloads, cert_manager, metrics)
shop(
    settings,
    platform,
    namespace.name,
    workloads,
    mesh=mesh,
    observed=tracing.access(),
    after=[metrics, priorities, *mesh.before_pods],
)

capacity = CapacityNamespace(opts=options)
later = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[metrics, priorities]))
running = [*workloads, GATEWAY]
Dashboards(metrics.namespace, platform.figures, opts=later)
backed_up = settings.stores.postgres_backup is not None
AlertRules(metrics.namespace, running, platform.figures, backed_up=backed_up, opts=later)
Headroom(capacity.name, running, settings.scaling, settings.sales, beside=membership.beside, opts=later)
if settings.sales and settings.scaling.pods == "prometheus-adapter":
    PreScaling(capacity.name, namespace.name, running, settings.scaling, settings.sales, opts=later)
for line in ended(settings.sales, datetime.now(UTC)):
    pulumi.log.warn(line)
