"""What the storefront is told by its environment."""

from seawall.settings import ServiceSettings


class StorefrontSettings(ServiceSettings):
    """SEAWALL_API_URL is where the public API is: the gateway, http://host:port."""

    api_url: str
