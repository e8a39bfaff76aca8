"""What a stack's mesh promises, read from the resources of each: whoever carries it, in the same words."""

from dataclasses import dataclass
from functools import cache

from unit.infra.program import Recorder, run_stack

ANYBODY = "anybody"


@cache
def stack_with(mesh: str, stack: str) -> Recorder:
    """A stack's real configuration, with this mesh."""
    return run_stack(stack, mesh=mesh)


def head(resource, part):
    return resource.inputs["metadata"].get(part, {})


def pods_of(stack, service):
    """The labels of the pods that serve."""
    return stack.one("Deployment", service).inputs["spec"]["selector"]["matchLabels"]


@dataclass(frozen=True)
class Istio:
    """https://istio.io/latest/docs/reference/config/security/authorization-policy/"""

    name = "istio"
    proxy_port = 15_008

    def members(self, stack):
        return {
            each.manifest_name
            for each in stack.of("Namespace")
            if head(each, "labels").get("istio.io/dataplane-mode") == "ambient"
        }

    def allowed(self, stack, service):
        """Who is let in to each port, as namespace/account; "anybody" needs no certificate."""
        spec = stack.one("AuthorizationPolicy", service).inputs["spec"]
        assert spec["selector"]["matchLabels"] == pods_of(stack, service)
        allowed: dict[int, set[str]] = {}
        for rule in spec["rules"]:
            named = rule["from"][0]["source"]["principals"] if "from" in rule else [ANYBODY]
            for port in rule["to"][0]["operation"]["ports"]:
                allowed.setdefault(int(port), set()).update(map(self._who, named))
        return allowed

    def without_mtls(self, stack):
        """Ports at which a connection without a certificate is taken."""
        specs = {each.manifest_name: each.inputs["spec"] for each in stack.of("PeerAuthentication")}
        assert {spec["mtls"]["mode"] for spec in specs.values()} == {"STRICT"}
        assert "selector" not in specs["strict"]
        return {
            (name, int(port))
            for name, spec in specs.items()
            for port, each in spec.get("portLevelMtls", {}).items()
            if each["mode"] != "STRICT"
        }

    def refuses_the_unnamed(self, stack):
        """The namespace has a policy that allows nothing."""
        return stack.one("AuthorizationPolicy", "nobody").inputs["spec"] == {}

    def _who(self, principal):
        if principal == ANYBODY:
            return principal
        domain, _, namespace, *account = principal.split("/")
        assert domain == "cluster.local"
        return f"{namespace}/{account[-1]}"


@dataclass(frozen=True)
class Linkerd:
    """https://linkerd.io/2-edge/reference/authorization-policy/"""

    name = "linkerd"
    proxy_port = 4143

    def members(self, stack):
        """The injector is asked about a namespace by its label, and injects by its annotation."""
        return {
            each.manifest_name
            for each in stack.of("Namespace")
            if head(each, "annotations").get("linkerd.io/inject") == "enabled"
            and head(each, "labels").get("config.linkerd.io/admission-webhooks") == "enabled"
        }

    def allowed(self, stack, service):
        allowed = {}
        for server in stack.of("Server"):
            spec = server.inputs["spec"]
            if spec["podSelector"]["matchLabels"] == pods_of(stack, service):
                assert set(spec) == {"podSelector", "port"}, "another default than to refuse"
                assert int(spec["port"]) not in allowed, "two Servers of one port"
                allowed[int(spec["port"])] = self._let_in(stack, server.manifest_name)
        return allowed

    def without_mtls(self, stack):
        services = [each.manifest_name for each in stack.of("Deployment")]
        return {
            (service, port)
            for service in services
            for port, who in self.allowed(stack, service).items()
            if ANYBODY in who
        }

    def refuses_the_unnamed(self, stack):
        """By the annotation of the namespace: a port without a Server, too."""
        shop = stack.one("Namespace", "shop")
        return head(shop, "annotations")["config.linkerd.io/default-inbound-policy"] == "deny"

    def _let_in(self, stack, server):
        """Each policy of a Server adds those who are named by all of its authentications, which is one."""
        found = set()
        for policy in stack.of("AuthorizationPolicy"):
            spec = policy.inputs["spec"]
            if spec["targetRef"] == {"group": "policy.linkerd.io", "kind": "Server", "name": server}:
                [reference] = spec["requiredAuthenticationRefs"]
                found |= self._named(stack.one(reference["kind"], reference["name"]))
        return found

    def _named(self, authentication):
        assert authentication.inputs["metadata"]["namespace"] == "shop"
        spec = authentication.inputs["spec"]
        if authentication.inputs["kind"] == "NetworkAuthentication":
            assert [each["cidr"] for each in spec["networks"]] == ["0.0.0.0/0", "::/0"]
            return {ANYBODY}
        return {self._who(identity) for identity in spec["identities"]}

    def _who(self, identity):
        account, namespace, *rest = identity.split(".")
        assert rest == ["serviceaccount", "identity", "linkerd", "cluster", "local"]
        return f"{namespace}/{account}"


MESHES = {each.name: each for each in (Istio(), Linkerd())}
