"""A DNS server in this process: real datagrams, answers made by dnspython."""

import asyncio
import ipaddress
from contextlib import asynccontextmanager

import dns.message
import dns.rcode
import dns.rrset

from seawall.discovery import Endpoint
from seawall.discovery.dns import DnsResolver

HOST = "orders.shop.svc.cluster.local."
SERVICE = "_http._tcp.orders.shop.svc.cluster.local."
HTTP_PORT = 8080


class DnsWorld(asyncio.DatagramProtocol):
    """Answers for `records` {(name, type): [text]}; counts what it is asked; may be silent or failing."""

    ttl = 0

    def __init__(self):
        self.records = {}
        self.is_silent = False
        self.rcode = dns.rcode.NOERROR
        self.asked = 0

    @classmethod
    @asynccontextmanager
    async def running(cls):
        loop = asyncio.get_running_loop()
        transport, world = await loop.create_datagram_endpoint(cls, local_addr=("127.0.0.1", 0))
        try:
            yield world
        finally:
            transport.close()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.asked += 1
        if not self.is_silent:
            self.transport.sendto(self._answer(dns.message.from_wire(data)).to_wire(), address)

    def resolver(self, name=HOST, port=HTTP_PORT, *, refresh_seconds=(0.01, 0.05)):
        server = Endpoint(*self.transport.get_extra_info("sockname"))
        return DnsResolver(
            name, port, refresh_seconds=refresh_seconds, timeout_seconds=0.2, nameservers=[server]
        )

    async def serve(self, endpoints):
        """A headless Service of Kubernetes: all addresses under one name."""
        self.records = {}
        for endpoint in endpoints:
            kind = "A" if ipaddress.ip_address(endpoint.host).version == 4 else "AAAA"
            self.records.setdefault((HOST, kind), []).append(endpoint.host)

    async def fail(self):
        self.rcode = dns.rcode.SERVFAIL

    async def mend(self):
        self.rcode = dns.rcode.NOERROR

    def _answer(self, query):
        response = dns.message.make_response(query)
        [question] = query.question
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        values = self.records.get((name, kind))
        response.set_rcode(self.rcode)
        if self.rcode == dns.rcode.NOERROR and values:
            response.answer.append(dns.rrset.from_text(name, self.ttl, "IN", kind, *values))
        elif self.rcode == dns.rcode.NOERROR and not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


class ServiceRecords(DnsWorld):
    """The same endpoints as SRV records, each target with its own address."""

    def resolver(self, name=SERVICE, port=None, *, refresh_seconds=(0.01, 0.05)):
        return super().resolver(name, port, refresh_seconds=refresh_seconds)

    async def serve(self, endpoints):
        self.records = {}
        for number, endpoint in enumerate(endpoints):
            kind = "A" if ipaddress.ip_address(endpoint.host).version == 4 else "AAAA"
            target = f"orders-{number}.{HOST}"
            self.records.setdefault((SERVICE, "SRV"), []).append(f"0 100 {endpoint.port} {target}")
            self.records[target, kind] = [endpoint.host]
