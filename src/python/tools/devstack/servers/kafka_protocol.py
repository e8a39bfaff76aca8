"""The one question that we ask Kafka in its own protocol: how many brokers serve the cluster?"""

import struct

from tools.devstack.servers.probes import ask

_DESCRIBE_CLUSTER = 60
_CLIENT = b"devstack"
_ERROR = slice(13, 15)
_BROKERS = (
    43  # after lengths, throttle time, error and a cluster id of 22 characters; one more than there are
)


async def live_brokers(port: int) -> int:
    """Brokers that are registered and unfenced; 0 while there is no answer.

    Source: the Kafka protocol guide, DescribeCluster version 0 with header version 2.
    """
    header = struct.pack("!hhih", _DESCRIBE_CLUSTER, 0, 1, len(_CLIENT)) + _CLIENT + b"\0"
    body = b"\0\0"  # no authorized operations, no tagged fields
    request = struct.pack("!i", len(header) + len(body)) + header + body
    answer = await ask(port, request, _BROKERS + 1)
    served = len(answer) > _BROKERS and answer[_ERROR] == b"\0\0"
    return answer[_BROKERS] - 1 if served else 0
