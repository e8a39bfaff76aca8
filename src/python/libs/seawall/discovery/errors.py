"""What can go wrong.

DiscoveryError
├── LookupFailed   a resolver got no answer, or none that it understands
└── NoEndpoints    nobody is known to serve, and nobody was before
"""


class DiscoveryError(Exception):
    """Whatever keeps a caller from an endpoint."""


class LookupFailed(DiscoveryError):
    """The directory did not answer. What was known before still holds."""


class NoEndpoints(DiscoveryError):
    """There is no endpoint to choose from."""
