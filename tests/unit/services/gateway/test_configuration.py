"""The compiled configuration, as text."""

import json
from pathlib import Path

import pytest

from services.gateway.endpoints import Endpoint
from services.gateway.envoy_config.configuration import Edge, configuration_files, endpoint_files
from services.gateway.envoy_config.route_config import route_config
from services.gateway.route_file import PACKAGED_ROUTES, load_routes
from services.gateway.route_table import Route, RouteTable, ServiceLimits

EDGE = Edge("127.0.0.1", 8000, 0, Path("/xds"))
TABLE = load_routes(PACKAGED_ROUTES)


def test_files_come_in_the_order_in_which_envoy_needs_them():
    """Endpoints before clusters, clusters before the routes that use them, the bootstrap last."""
    names = list(configuration_files(EDGE, TABLE, {}))
    assert names[-4:] == ["clusters.json", "routes.json", "listeners.json", "bootstrap.json"]
    assert "endpoints.orders.json" in names[:-4]


def test_each_file_of_endpoints_has_one_service():
    """Envoy refuses a file with more."""
    files = endpoint_files(TABLE, {"orders": [Endpoint("h", 1), Endpoint("h", 2)]})
    resources = json.loads(files["endpoints.orders.json"])["resources"]
    assert [resource["cluster_name"] for resource in resources] == ["orders"]
    assert len(resources[0]["endpoints"][0]["lb_endpoints"]) == 2


def test_a_stream_has_no_timeout():
    """A stream is not cut after some seconds, nor tried again."""
    action = compiled(Route(name="s", path="/s", service="orders", stream=True))["route"]
    assert action["timeout"] == "0s"
    assert "retry_policy" not in action


def test_a_try_is_not_longer_than_its_request():
    """The try's timeout is bounded by the route's."""
    action = compiled(Route(name="s", path="/s", service="orders", timeout_seconds=2))["route"]
    assert action["timeout"] == action["retry_policy"]["per_try_timeout"] == "2.000s"


def test_a_service_is_told_how_long_it_is_waited_for():
    """Unless its caller waits less; a stream has no end."""
    [added] = compiled(Route(name="s", path="/s", service="orders", timeout_seconds=2))[
        "request_headers_to_add"
    ]
    assert added["header"] == {"key": "x-request-timeout-ms", "value": "2000"}
    assert added["append_action"] == "ADD_IF_ABSENT"
    assert "request_headers_to_add" not in compiled(Route(name="s", path="/s", service="orders", stream=True))


@pytest.mark.parametrize(
    ("route", "match"),
    [
        (Route(name="r", path="/a", service="orders"), {"path": "/a"}),
        (Route(name="r", prefix="/", service="orders"), {"prefix": "/"}),
        (Route(name="r", prefix="/a/", service="orders"), {"path_separated_prefix": "/a"}),
        (Route(name="r", regex="/a.*", service="orders"), {"safe_regex": {"regex": "/a.*"}}),
    ],
)
def test_matchers(route, match):
    """A prefix ends at a path segment."""
    assert compiled(route)["match"] == match


def test_every_route_says_what_it_asks_of_a_token():
    """None relies on a default."""
    for route in route_config(TABLE)["virtual_hosts"][0]["routes"]:
        assert "envoy.filters.http.jwt_authn" in {
            name.replace("extensions.", "") for name in route["typed_per_filter_config"]
        }


def compiled(route):
    table = RouteTable(services={"orders": ServiceLimits()}, routes=[route])
    return route_config(table)["virtual_hosts"][0]["routes"][0]
