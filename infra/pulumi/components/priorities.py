"""Who goes first when there is no room: pods that do nothing; who goes last: what keeps data."""

import pulumi
import pulumi_kubernetes as k8s

STORES, SHOP, HEADROOM = "seawall-stores", "seawall-shop", "seawall-headroom"
CLASSES = {
    STORES: (100_000, "what keeps data"),
    SHOP: (10_000, "what serves customers"),
    HEADROOM: (-10, "room that is kept free: its pods go when anybody else needs it"),
}


class Priorities(pulumi.ComponentResource):
    """The priority classes of a stack."""

    def __init__(self, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("seawall:platform:Priorities", "priorities", None, opts)
        for name, (value, description) in CLASSES.items():
            k8s.scheduling.v1.PriorityClass(
                name,
                metadata=k8s.meta.v1.ObjectMetaArgs(name=name),
                value=value,
                description=description,
                # A pod without room waits for a node; it puts nobody out but the headroom.
                preemption_policy="Never" if name == HEADROOM else "PreemptLowerPriority",
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
