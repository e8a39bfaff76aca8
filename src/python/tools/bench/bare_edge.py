"""The bare server behind a gateway like the stack's own: same program, same settings, same tokens."""

import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tools.bench import bare
from tools.bench.processes import import_path, kept_running
from tools.devstack.ports import LOOPBACK, choose_ports
from tools.devstack.service_server import ServiceServer
from tools.devstack.services import GATEWAY, SERVICES, service_command
from tools.devstack.stack import Stack
from tools.devstack.unit import Unit

# place-order as in the gateway's own route table, to another server.
ROUTES = """
services:
  accounts: {}
  bare: {max_connections: 4096, max_pending_requests: 4096, max_requests: 4096}
routes:
  - name: place-order
    regex: /v1/sales/[^/]+/orders
    methods: [POST]
    service: bare
    token: required
    timeout_seconds: 5
    priority: high
"""


@asynccontextmanager
async def bare_edge(stack: Stack) -> AsyncIterator[int]:
    """Yields the gateway's public port. It takes the tokens of the stack. Errors: DevstackError."""
    with tempfile.TemporaryDirectory(prefix="seawall-bench-") as temporary:
        folder = Path(temporary)
        ports = choose_ports(["bare", "gateway", "public", "admin"], folder, fixed={})
        (folder / "routes.yaml").write_text(ROUTES)
        accounts = stack.services["accounts"][0].removeprefix("http://")
        environment = {
            **import_path(),
            "SEAWALL_HOST": LOOPBACK,
            "SEAWALL_PORT": str(ports["gateway"]),
            "SEAWALL_LISTEN_HOST": LOOPBACK,
            "SEAWALL_LISTEN_PORT": str(ports["public"]),
            "SEAWALL_ADMIN_PORT": str(ports["admin"]),
            "SEAWALL_XDS_DIR": str(folder / "xds"),
            "SEAWALL_ROUTES_FILE": str(folder / "routes.yaml"),
            "SEAWALL_ENDPOINTS": f"accounts={accounts},bare={LOOPBACK}:{ports['bare']}",
        }
        command = (sys.executable, "-m", bare.__name__, str(ports["bare"]))
        servers = [
            ServiceServer("bare", command, import_path(), folder, ports["bare"]),
            ServiceServer(GATEWAY, service_command(SERVICES[GATEWAY]), environment, folder, ports["gateway"]),
        ]
        units = [Unit(server, folder / f"{server.name}.log") for server in servers]
        async with kept_running(units):
            yield ports["public"]
