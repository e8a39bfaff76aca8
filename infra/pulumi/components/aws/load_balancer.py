"""The load balancer in front of the gateway."""

from collections.abc import Mapping

import pulumi

from components.aws.iam import Allow
from components.aws.pod_identity import PodIdentity
from components.release import release
from components.size import size
from versions import LOAD_BALANCER_CONTROLLER

NAMESPACE, ACCOUNT = "kube-system", "aws-load-balancer-controller"
PREFIX = "service.beta.kubernetes.io/aws-load-balancer"
SMALL = size(100, 256)
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
TARGETS = "deregistration_delay.timeout_seconds=30,preserve_client_ip.enabled=true"
READ_EC2 = (
    "AccountAttributes",
    "Addresses",
    "AvailabilityZones",
    "Instances",
    "InternetGateways",
    "IpamPools",
    "NetworkInterfaces",
    "RouteTables",
    "SecurityGroups",
    "Subnets",
    "Tags",
    "Vpcs",
)
READ_ELB = (
    "CapacityReservation",
    "ListenerAttributes",
    "ListenerCertificates",
    "Listeners",
    "LoadBalancerAttributes",
    "LoadBalancers",
    "Rules",
    "SSLPolicies",
    "Tags",
    "TargetGroupAttributes",
    "TargetGroups",
    "TargetHealth",
    "TrustStores",
)
CHANGE = (
    "AddListenerCertificates",
    "CreateListener",
    "DeleteListener",
    "DeleteLoadBalancer",
    "DeleteTargetGroup",
    "DeregisterTargets",
    "ModifyListener",
    "ModifyListenerAttributes",
    "ModifyLoadBalancerAttributes",
    "ModifyTargetGroup",
    "ModifyTargetGroupAttributes",
    "RegisterTargets",
    "RemoveListenerCertificates",
    "SetSecurityGroups",
    "SetSubnets",
)
RULES = ("ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress")


class LoadBalancerController(pulumi.ComponentResource):
    """Makes network load balancers for Services of this cluster, and changes those alone."""

    def __init__(
        self,
        name: str,
        *,
        region: str,
        cluster_name: pulumi.Input[str],
        vpc_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("seawall:aws:LoadBalancerController", f"{name}-load-balancers", None, opts)
        identity = PodIdentity(
            f"{name}-load-balancers",
            *_rights(name, region),
            cluster_name=cluster_name,
            namespace=NAMESPACE,
            service_account=ACCOUNT,
            opts=pulumi.ResourceOptions(parent=self),
        )
        release(
            LOAD_BALANCER_CONTROLLER,
            namespace=NAMESPACE,
            values={
                "clusterName": cluster_name,
                "region": region,
                "vpcId": vpc_id,
                "replicaCount": 2,
                "serviceAccount": {"name": ACCOUNT},
                "enableShield": False,
                "enableWaf": False,
                "enableWafv2": False,
                "resources": SMALL,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[identity]),
        )
        self.register_outputs({})


def public_service(
    domain: str, certificate_arn: pulumi.Input[str], *, production: bool
) -> Mapping[str, pulumi.Input[str]]:
    """The annotations of the one Service that the internet reaches: TLS ends at the load balancer.

    It speaks to pods directly, in every zone, and they see the customer's own address.
    """
    protected = f"deletion_protection.enabled={'true' if production else 'false'}"
    return {
        f"{PREFIX}-type": "external",
        f"{PREFIX}-scheme": "internet-facing",
        f"{PREFIX}-nlb-target-type": "ip",
        f"{PREFIX}-ssl-cert": certificate_arn,
        f"{PREFIX}-ssl-ports": "443",
        f"{PREFIX}-ssl-negotiation-policy": TLS_POLICY,
        f"{PREFIX}-attributes": f"load_balancing.cross_zone.enabled=true,{protected}",
        f"{PREFIX}-target-group-attributes": TARGETS,
        "external-dns.alpha.kubernetes.io/hostname": domain,
    }


def _rights(name: str, region: str) -> list[Allow]:
    mine = {"StringEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": name}}
    as_mine = {"StringEquals": {"aws:RequestTag/elbv2.k8s.aws/cluster": name}}
    elb = f"arn:aws:elasticloadbalancing:{region}:*"
    targets = [f"{elb}:{kind}/*" for kind in ("loadbalancer/net", "targetgroup", "listener/net")]
    groups = f"arn:aws:ec2:{region}:*:security-group/*"
    reading = [f"ec2:Describe{each}" for each in READ_EC2]
    reading += [f"elasticloadbalancing:Describe{each}" for each in READ_ELB]
    creating = [f"elasticloadbalancing:Create{each}" for each in ("LoadBalancer", "TargetGroup")]
    while_creating = {
        "elasticloadbalancing:CreateAction": ["CreateLoadBalancer", "CreateTargetGroup", "CreateListener"]
    }
    tagging = {"ec2:CreateAction": "CreateSecurityGroup"}
    return [
        Allow([*reading, "ec2:GetSecurityGroupsForVpc"], ["*"]),
        Allow(["acm:DescribeCertificate", "acm:ListCertificates"], ["*"]),
        Allow(creating, targets, as_mine),
        Allow(["elasticloadbalancing:AddTags"], targets, {"StringEquals": while_creating}),
        Allow([f"elasticloadbalancing:{each}" for each in CHANGE], targets, mine),
        Allow(["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"], targets, mine),
        Allow(["ec2:CreateSecurityGroup"], [f"arn:aws:ec2:{region}:*:vpc/*"]),
        Allow(["ec2:CreateSecurityGroup"], [groups], as_mine),
        Allow(["ec2:CreateTags"], [groups], {"StringEquals": tagging | as_mine["StringEquals"]}),
        Allow(RULES, [groups], mine),
        # The nodes' own group is of the cluster's tag, not of the controller's.
        Allow(
            RULES[::2],
            [groups],
            {"StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{name}": "owned"}},
        ),
    ]
