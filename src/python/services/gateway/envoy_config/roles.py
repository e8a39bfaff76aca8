"""Routes that only one role may use: judged by the verified role header."""

from services.gateway.envoy_config.resource import FILTERS, Json, typed
from services.gateway.envoy_config.tokens import CLAIMS

FILTER_NAME = f"{FILTERS}.rbac"


def role_filter() -> Json:
    """Lets everything through unless the route says otherwise."""
    return {"name": FILTER_NAME, "typed_config": typed(f"{FILTERS}.rbac.v3.RBAC")}


def role_policy(role: str) -> Json:
    """Refuses a caller whose verified role is another one."""
    allowed = {"header": {"name": CLAIMS["role"], "string_match": {"exact": role}}}
    rules = {
        "action": "ALLOW",
        "policies": {role: {"permissions": [{"any": True}], "principals": [allowed]}},
    }
    return {FILTER_NAME: typed(f"{FILTERS}.rbac.v3.RBACPerRoute", rbac={"rules": rules})}
