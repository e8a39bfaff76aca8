"""routes.yaml: what is accepted, and how a fault is named."""

import pytest

from services.gateway.route_file import PACKAGED_ROUTES, RouteFileError, load_routes, parse_routes

GOOD = """\
services:
  orders: {}
routes:
  - name: orders
    prefix: /v1/orders
    service: orders
"""

LIMITED = """\
services:
  orders: {}
rate_limits:
  few: {limit: 1, period_seconds: 60, by: customer}
routes:
  - name: orders
    prefix: /v1/orders
    service: orders
    rate_limits: [few]
"""


def test_the_packaged_routes_are_accepted():
    """The file that we ship parses."""
    assert len(load_routes(PACKAGED_ROUTES).routes) > 10


def test_a_small_file_is_read_with_defaults():
    """What is left out has a value that is safe."""
    route = parse_routes(GOOD).routes[0]
    assert (route.token, route.timeout_seconds, route.body_limit_bytes) == ("none", 15.0, 1024 * 1024)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("prefix:", "prefx:"), "routes.yaml:5: routes[0].prefx: unknown field; did you mean prefix?"),
        (("orders: {}", "orders: {max_request: 1}"), "routes.yaml:2: services.orders.max_request: unknown"),
        (("routes:", "route: []\nroutes:"), "routes.yaml:3: route: unknown field; did you mean routes?"),
        (("prefix: /v1", "prefix: v1"), "routes.yaml:5: routes[0].prefix: "),
        (("service: orders", "service: order"), "routes.yaml:6: routes[0].service: order is not among"),
        (
            ("service: orders", "service: orders\n    timeout_seconds: 0"),
            "routes.yaml:7: routes[0].timeout_seconds: ",
        ),
        (
            ("service: orders", "service: orders\n    token: maybe"),
            "routes.yaml:7: routes[0].token: Invalid enum",
        ),
        (
            ("service: orders", "service: orders\n    methods: [POST, FETCH]"),
            "routes.yaml:7: routes[0].methods",
        ),
        (
            ("service: orders", "service: orders\n    role: operator"),
            "routes.yaml:7: routes[0].role: needs token",
        ),
        (
            ("service: orders", "answer: 404\n    service: orders"),
            "routes.yaml:4: routes[0].name: needs exactly",
        ),
        (("prefix: /v1/orders", "regex: /v1/("), "routes.yaml:5: routes[0].regex: not a regular"),
        (
            ("service: orders", "service: orders\n    rate_limits: [few]"),
            "routes.yaml:7: routes[0].rate_limits[0]: is not among rate_limits",
        ),
        (
            (GOOD, LIMITED),
            "routes.yaml:9: routes[0].rate_limits[0]: is by customer, and needs token: required",
        ),
        (
            (GOOD, LIMITED.replace("limit:", "limt:")),
            "routes.yaml:4: rate_limits.few.limt: unknown field; did",
        ),
        ((GOOD, LIMITED.replace("60", "0")), "routes.yaml:4: rate_limits.few.period_seconds: "),
        (
            ("service: orders", "answer: 404\n    rate_limits: [few]"),
            "routes.yaml:7: routes[0].rate_limits: have no meaning beside answer",
        ),
        (
            ("prefix: /v1/orders", "path: /a\n    prefix: /b"),
            "routes.yaml:4: routes[0].name: needs exactly",
        ),
        (
            ("service: orders", "service: orders\n    service: orders"),
            "routes.yaml:7: routes[0].service: is given twice",
        ),
        (("services:", "services: ["), "routes.yaml:"),
        ((GOOD, ""), "routes.yaml:1: file: "),
    ],
)
def test_a_fault_is_refused_with_file_line_and_field(change, message):
    """The author is led to the place of the fault."""
    with pytest.raises(RouteFileError) as refusal:
        parse_routes(GOOD.replace(*change))
    assert str(refusal.value).startswith(message)


def test_a_name_is_used_once():
    """Route names label logs, so two routes cannot share one."""
    twice = GOOD + "  - {name: orders, path: /x, service: orders}\n"
    with pytest.raises(RouteFileError, match=r"routes.yaml:7: routes\[1\].name: orders names an earlier"):
        parse_routes(twice)


def test_a_missing_file_is_one_clear_error(tmp_path):
    """The error names the file."""
    with pytest.raises(RouteFileError, match=r"absent.yaml:1: file: cannot be read"):
        load_routes(tmp_path / "absent.yaml")
