"""Customer tokens: who issues them, where they are looked for, which headers tell services who calls."""

from services.gateway.envoy_config.resource import FILTERS, Json, duration, typed
from services.gateway.route_table import Route

FILTER_NAME = f"{FILTERS}.jwt_authn"
ISSUER = "seawall-accounts"
AUDIENCE = "seawall"
COOKIE = "seawall_token"
CLAIMS = {"sub": "x-customer-id", "role": "x-customer-role"}
KEY_SERVICE = "accounts"
CLOCK_SKEW_SECONDS = 10
KEY_CACHE_SECONDS = 300.0

_REQUIRED = {"provider_name": "customer"}
_OPTIONAL = {"requires_any": {"requirements": [_REQUIRED, {"allow_missing": {}}]}}


def token_filter() -> Json:
    """Verifies ES256 tokens by the keys of accounts; a verified claim becomes a header."""
    return {
        "name": FILTER_NAME,
        "typed_config": typed(
            f"{FILTERS}.jwt_authn.v3.JwtAuthentication",
            providers={"customer": _provider()},
            requirement_map={"required": _REQUIRED, "optional": _OPTIONAL},
        ),
    }


def token_policy(route: Route) -> Json:
    """What the route asks of a token. An optional token that is given must be valid."""
    per_route = f"{FILTERS}.jwt_authn.v3.PerRouteConfig"
    if route.token == "none":  # noqa: S105 - a policy, not a secret
        return {FILTER_NAME: typed(per_route, disabled=True)}
    return {FILTER_NAME: typed(per_route, requirement_name=route.token)}


def _provider() -> Json:
    return {
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "require_expiration": True,
        "clock_skew_seconds": CLOCK_SKEW_SECONDS,
        "remote_jwks": {
            "http_uri": {
                "uri": f"http://{KEY_SERVICE}/.well-known/jwks.json",
                "cluster": KEY_SERVICE,
                "timeout": duration(2),
            },
            "cache_duration": duration(KEY_CACHE_SECONDS),
            "async_fetch": {"fast_listener": True, "failed_refetch_duration": duration(0.5)},
        },
        "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}],
        "from_cookies": [COOKIE],
        "claim_to_headers": [
            {"claim_name": claim, "header_name": header} for claim, header in CLAIMS.items()
        ],
        "jwt_cache_config": {"jwt_cache_size": 10_000},
    }
