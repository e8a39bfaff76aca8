"""The inventory of a stack: what there is, in the order in which it comes up."""

from components.shop_namespace import ShopNamespace
from configuration import stack_settings
from workloads import workloads_of

settings = stack_settings()
workloads = workloads_of(production=settings.production)
settings.check_services({*(each.name for each in workloads), "gateway"})

namespace = ShopNamespace(mesh_labels={"istio.io/dataplane-mode": "ambient"})
