"""What is done to a running stack: signals to its processes, orders to its provider, Valkey emptied."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psutil

from seawall.valkey import open_valkey
from tools.devstack.process import ProcessId, Server
from tools.devstack.servers.kafka import KafkaServer
from tools.devstack.servers.postgres import PostgresServer
from tools.devstack.servers.valkey import ValkeyServer
from tools.devstack.service_server import http_status
from tools.devstack.stack import Stack
from tools.rehearsal.chaos.executor import SkippedError
from tools.rehearsal.chaos.faults import PROVIDER, Fault, Kind
from tools.rehearsal.chaos.plan import SERVER_KINDS, Targets

ENVOY = "envoy"
GATEWAY = "gateway"
# The provider keeps its book in memory: killed it would forget who was charged, and no real one does.
SPARED = frozenset({"psp_simulator"})
POLL_SECONDS = 0.1
ORDER_SECONDS = 10.0
# PostgreSQL's fast shutdown is SIGINT; the others end by SIGTERM.
STOP_SIGNALS = {"postgres": signal.SIGINT}
BEHAVIOURS: Mapping[Kind, Mapping[str, Any]] = {
    Kind.SLOW: {"latency": {"kind": "uniform", "min_ms": 1500, "max_ms": 5000}},
    Kind.FAILING: {"error_rate": 0.7},
    Kind.HANGING: {"timeout_rate": 0.5, "hang_seconds": 20},
    Kind.HANGING_CHARGED: {"timeout_after_charge_rate": 0.5, "hang_seconds": 20},
}


def targets_of(processes: Mapping[str, int]) -> Targets:
    """All processes of a stack but the spared; Envoy is a child of the gateway's process."""
    names = sorted(processes.keys() - SERVER_KINDS.keys() - SPARED)
    envoy = [ENVOY] if GATEWAY in names else []
    return Targets(
        services=[*names, *envoy],
        pausable=[name for name in names if name != GATEWAY],
        servers=sorted(processes.keys() & SERVER_KINDS.keys()),
    )


class StackActions:
    """Breaks and heals one stack. A process is known by pid and start time: nobody else is ever signalled."""

    def __init__(
        self,
        processes: Callable[[], Mapping[str, int]],
        stack: Stack,
        valkey_folder: Path,
        provider: aiohttp.ClientSession,
    ) -> None:
        self._processes = processes
        self._stack = stack
        self._valkey_folder = valkey_folder
        self._provider = provider
        self._hit: dict[Fault, ProcessId] = {}

    async def begin(self, fault: Fault) -> None:
        """Does it. Errors: SkippedError where the target is down already."""
        if fault.target == PROVIDER:
            await self._order(BEHAVIOURS[fault.kind])
        elif fault.kind == Kind.FLUSH:
            await self._flush()
        else:
            await self._hit_process(fault)

    async def end(self, fault: Fault) -> None:
        """Takes a pause or the provider's behaviour back."""
        if fault.target == PROVIDER:
            await self._order({})
        elif fault.kind == Kind.PAUSE and (hit := self._hit.get(fault)):
            _send(hit, signal.SIGCONT)

    async def recovered(self, fault: Fault) -> None:
        """A process that ended has a successor, and that one answers."""
        if fault.target == PROVIDER or fault.kind == Kind.FLUSH:
            return
        ended = None if fault.kind == Kind.PAUSE else self._hit[fault]
        while True:  # nobody tells
            if self._identity(fault.target) not in (None, ended) and await self._answers(fault.target):
                return
            await asyncio.sleep(POLL_SECONDS)

    async def heal(self) -> None:
        """Everything that was paused runs on, and the provider behaves."""
        for fault, hit in self._hit.items():
            if fault.kind == Kind.PAUSE:
                _send(hit, signal.SIGCONT)
        with contextlib.suppress(SkippedError):
            await self._order({})

    async def _hit_process(self, fault: Fault) -> None:
        victim = self._identity(fault.target)
        if victim is None:
            raise SkippedError("it is down")
        self._hit[fault] = victim
        if fault.kind == Kind.WIPE:
            # Its open files are gone by name; killed, it finds nothing to load.
            for child in await asyncio.to_thread(lambda: list(self._valkey_folder.glob("appendonly*"))):
                await asyncio.to_thread(shutil.rmtree, child, ignore_errors=True)
        sent = {
            Kind.PAUSE: signal.SIGSTOP,
            Kind.RESTART: STOP_SIGNALS.get(fault.target, signal.SIGTERM),
        }.get(fault.kind, signal.SIGKILL)
        if not _send(victim, sent):
            raise SkippedError("it has just ended")

    def _identity(self, target: str) -> ProcessId | None:
        pid = self._processes().get(GATEWAY if target == ENVOY else target)
        if pid is None:
            return None
        try:
            if target == ENVOY:
                children = psutil.Process(pid).children(recursive=True)
                pid = next((child.pid for child in children if "envoy" in child.name()), None)
            return None if pid is None else ProcessId.of(pid)
        except (psutil.Error, OSError):
            return None

    async def _answers(self, target: str) -> bool:
        if target in SERVER_KINDS:
            return await self._server_answers(target)
        if target == ENVOY:
            return await http_status(_port(self._stack.gateway_url), "/") is not None
        return await http_status(_port(self._address(target)), "/readyz") == 200

    async def _server_answers(self, name: str) -> bool:
        folder, stack = self._valkey_folder, self._stack
        servers: Mapping[str, Server] = {
            "postgres": PostgresServer(folder, _port(stack.postgres_url)),
            "valkey": ValkeyServer(folder, _port(stack.valkey_url)),
            "kafka": KafkaServer(folder, _port(stack.kafka_url)),
        }
        return await servers[name].is_ready()

    def _address(self, instance: str) -> str:
        service, _, number = instance.partition("-")
        return self._stack.services[service][int(number or 1) - 1]

    async def _flush(self) -> None:
        try:
            async with open_valkey(self._stack.valkey_url, timeout_seconds=ORDER_SECONDS) as valkey:
                await valkey.execute("FLUSHALL")
        except Exception as error:
            raise SkippedError(f"it does not answer ({error})") from error

    async def _order(self, behaviour: Mapping[str, Any]) -> None:
        timeout = aiohttp.ClientTimeout(total=ORDER_SECONDS)
        try:
            async with self._provider.put(
                "/v1/behaviour", json=behaviour, raise_for_status=True, timeout=timeout
            ):
                pass
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SkippedError(f"it does not answer ({error!r})") from error


def _port(url: str) -> int:
    return urlsplit(url).port or 0


def _send(process: ProcessId, number: signal.Signals) -> bool:
    found = process.find()
    if found is None:
        return False
    try:
        found.send_signal(number)
    except psutil.Error:
        return False
    return True
