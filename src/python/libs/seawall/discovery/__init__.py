"""Where the instances of a service are, kept up to date, and which of them a call goes to."""

from seawall.extras import extra

with extra("discovery"):
    from seawall.discovery.balancer import Balancer
    from seawall.discovery.discovery import Discovery, discover
    from seawall.discovery.endpoint import Endpoint
    from seawall.discovery.errors import DiscoveryError, LookupFailed, NoEndpoints
    from seawall.discovery.ports import Resolver
    from seawall.discovery.static import StaticResolver

__all__ = [
    "Balancer",
    "Discovery",
    "DiscoveryError",
    "Endpoint",
    "LookupFailed",
    "NoEndpoints",
    "Resolver",
    "StaticResolver",
    "discover",
]
