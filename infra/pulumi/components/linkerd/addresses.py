"""Where customers are: everywhere but in the ranges that clusters are made of."""

from ipaddress import IPv4Network

# As the chart's clusterNetworks.
CLUSTERS = tuple(
    IPv4Network(each) for each in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
)


def _outside(networks: tuple[IPv4Network, ...]) -> list[IPv4Network]:
    left = [IPv4Network("0.0.0.0/0")]
    for taken in networks:
        left = [
            part
            for each in left
            for part in (each.address_exclude(taken) if taken.subnet_of(each) else [each])
        ]
    return sorted(left)


CUSTOMERS = tuple(map(str, _outside(CLUSTERS)))
