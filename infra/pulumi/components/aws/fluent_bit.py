"""The shipper of logs to Amazon OpenSearch. https://docs.fluentbit.io/manual/data-pipeline/outputs/opensearch"""

import pulumi

from components.logs.filebeat import FILES
from components.logs.logstash import DATA_STREAM
from components.logs.namespaces import LOGS, PRIVILEGED, namespace
from components.release import release
from components.size import size
from versions import FLUENT_BIT

WRITER = "log-shipper"
BUFFER = "/var/lib/fluent-bit"
_INPUT = f"""\
[INPUT]
    Name              tail
    Tag               kube.*
    Path              {FILES}
    multiline.parser  cri
    DB                {BUFFER}/tail.db
    Mem_Buf_Limit     32MB
    Skip_Long_Lines   On
    storage.type      filesystem
"""
# A line of ours is JSON: its members become those of the record.
_FILTERS = """\
[FILTER]
    Name          parser
    Match         kube.*
    Key_Name      log
    Parser        json
    Reserve_Data  On
"""
_SERVICE = f"""\
[SERVICE]
    Flush                 1
    Parsers_File          /fluent-bit/etc/parsers.conf
    HTTP_Server           On
    HTTP_Listen           0.0.0.0
    HTTP_Port             2020
    Health_Check          On
    storage.path          {BUFFER}/storage
    storage.backlog.mem_limit 32MB
"""


class FluentBit(pulumi.ComponentResource):
    """On every node: what the shop's containers print goes to the domain, signed by the pod's own role.

    What the domain does not take waits on the node's disk, up to 512 MB; then the oldest is dropped.
    """

    def __init__(
        self, name: str, *, endpoint: pulumi.Input[str], region: str, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("seawall:aws:FluentBit", f"{name}-log-shipper", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        outputs = pulumi.Output.from_input(endpoint).apply(lambda host: _output(host, region))
        release(
            FLUENT_BIT,
            namespace=namespace(LOGS, PRIVILEGED, child),
            values={
                "serviceAccount": {"create": True, "name": WRITER},
                # It asks the API server for nothing: names of pods are in the tag.
                "rbac": {"create": False},
                "resources": size(50, 128),
                "tolerations": [{"operator": "Exists"}],
                "config": {"service": _SERVICE, "inputs": _INPUT, "filters": _FILTERS, "outputs": outputs},
                "extraVolumes": [
                    {"name": "buffer", "hostPath": {"path": BUFFER, "type": "DirectoryOrCreate"}}
                ],
                "extraVolumeMounts": [{"name": "buffer", "mountPath": BUFFER}],
            },
            opts=child,
        )
        self.register_outputs({})


def _output(host: str, region: str) -> str:
    return f"""\
[OUTPUT]
    Name                opensearch
    Match               kube.*
    Host                {host}
    Port                443
    tls                 On
    AWS_Auth            On
    AWS_Region          {region}
    Logstash_Format     On
    Logstash_Prefix     {DATA_STREAM}
    Suppress_Type_Name  On
    Include_Tag_Key     On
    Tag_Key             pod
    Retry_Limit         no_limits
    storage.total_limit_size 512M
"""
