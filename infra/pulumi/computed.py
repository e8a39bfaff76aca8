"""What only a cloud can know of a resource, made up for a recording in the form that the cloud gives it."""

from collections.abc import Callable, Mapping
from typing import Any

ACCOUNT = "111122223333"
REGION = "eu-central-1"

Inputs = Mapping[str, Any]


def outputs_of(type_: str, name: str, inputs: Inputs) -> dict[str, Any]:
    """The outputs of a resource: its inputs, and for one of AWS its ARN and what its kind computes."""
    if not type_.startswith("aws:"):
        return dict(inputs)
    service = type_.split(":")[1].partition("/")[0]
    arn = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"
    extra = OUTPUTS[type_](name, inputs) if type_ in OUTPUTS else {}
    return {"arn": arn, "name": name, **inputs, **extra}


def answer_of(token: str, arguments: Inputs) -> dict[str, Any]:
    """What AWS answers to a look-up; nothing for one that no program here makes."""
    return ANSWERS[token](arguments) if token in ANSWERS else {}


def _cluster(name: str, inputs: Inputs) -> dict[str, Any]:
    return {
        "endpoint": f"https://{name}.eks.{REGION}.amazonaws.com",
        "certificateAuthority": {"data": "Y2VydGlmaWNhdGU="},
        "vpcConfig": {**inputs["vpcConfig"], "clusterSecurityGroupId": "sg-cluster"},
    }


def _node_group(name: str, _inputs: Inputs) -> dict[str, Any]:
    return {"resources": [{"autoscalingGroups": [{"name": f"eks-{name}"}]}]}


def _master(name: str, _inputs: Inputs) -> dict[str, Any]:
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!cluster-{name}"
    return {
        "endpoint": f"{name}.cluster.{REGION}.rds.amazonaws.com",
        "masterUserSecrets": [{"secretArn": secret}],
    }


def _msk(name: str, inputs: Inputs) -> dict[str, Any]:
    brokers = range(1, int(inputs["numberOfBrokerNodes"]) + 1)
    hosts = ",".join(f"b-{at}.{name}.kafka.{REGION}.amazonaws.com:9096" for at in brokers)
    return {"bootstrapBrokersSaslScram": hosts}


def _validation(_name: str, inputs: Inputs) -> dict[str, Any]:
    record = {
        "resourceRecordName": f"_proof.{inputs['domainName']}",
        "resourceRecordType": "CNAME",
        "resourceRecordValue": "_proof.acm-validations.aws",
    }
    return {"domainValidationOptions": [record]}


OUTPUTS: dict[str, Callable[[str, Inputs], dict[str, Any]]] = {
    "aws:eks/cluster:Cluster": _cluster,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:rds/cluster:Cluster": _master,
    "aws:docdb/cluster:Cluster": _master,
    "aws:msk/cluster:Cluster": _msk,
    "aws:msk/configuration:Configuration": lambda _name, _inputs: {"latestRevision": 1},
    "aws:elasticache/replicationGroup:ReplicationGroup": lambda name, _inputs: {
        "primaryEndpointAddress": f"master.{name}.cache.amazonaws.com"
    },
    "aws:opensearch/domain:Domain": lambda name, _inputs: {"endpoint": f"vpc-{name}.es.amazonaws.com"},
    "aws:amp/workspace:Workspace": lambda name, _inputs: {
        "prometheusEndpoint": f"https://aps-workspaces.amazonaws.com/workspaces/{name}/"
    },
    "aws:acm/certificate:Certificate": _validation,
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _name, _inputs: {"latestVersion": 1},
}

ANSWERS: dict[str, Callable[[Inputs], dict[str, Any]]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {
        "names": [f"{REGION}{letter}" for letter in "abcdef"]
    },
    "aws:secretsmanager/getRandomPassword:getRandomPassword": lambda _: {"randomPassword": "made-by-aws"},
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {"accountId": ACCOUNT},
}
