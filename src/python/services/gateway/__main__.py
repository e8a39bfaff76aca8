"""`python -m services.gateway`: Envoy and its control plane, until SIGTERM."""

from seawall.settings import load
from seawall.web import run
from services.gateway.app import build
from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    settings = load(GatewaySettings)
    run(build(settings), settings)
