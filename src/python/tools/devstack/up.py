"""One whole run: from nothing to a shop that is open, until it is told to stop."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace

from tools.devstack.data_dir import DataDir
from tools.devstack.demo import sign_up
from tools.devstack.options import UpOptions
from tools.devstack.plan import Plan, make_plan
from tools.devstack.process import Process, ProcessId
from tools.devstack.progress import Progress
from tools.devstack.secrets_file import CUSTOMER_EMAIL, Secrets
from tools.devstack.services import GATEWAY
from tools.devstack.stack import STACK_FILE, Stack
from tools.devstack.supervisor import Supervisor
from tools.devstack.watching import ReportingWatcher


def run_up(options: UpOptions, progress: Progress, on_ready: Callable[[Stack], None]) -> None:
    """Returns after a stop that was asked for. Raises DevstackError; nothing is left running either way."""
    data_dir = DataDir(options.data_dir)
    with data_dir.locked():
        for name in data_dir.end_stale():
            progress.say(f"ended {name}, left over from a crash")
        if options.fresh:
            data_dir.drop()
        data_dir.open_logs()
        plan = make_plan(options, data_dir)
        asyncio.run(_Run(plan, data_dir, progress, on_ready).until_stopped())


class _Run:
    def __init__(
        self, plan: Plan, data_dir: DataDir, progress: Progress, on_ready: Callable[[Stack], None]
    ) -> None:
        self._plan = plan
        self._data_dir = data_dir
        self._progress = progress
        self._on_ready = on_ready
        self._watcher = ReportingWatcher(progress, data_dir, self._on_change)
        self._pids: dict[str, int] = {}
        self._stack: Stack | None = None
        self._supervisor = Supervisor(plan.units, Process.start, self._watcher)

    async def until_stopped(self) -> None:
        """The first signal stops in order, a second one at once."""
        loop = asyncio.get_running_loop()
        work = asyncio.create_task(self._work())
        stopping = False

        def on_signal() -> None:
            nonlocal stopping
            if not stopping:
                self._progress.say("stopping")
            stopping = True
            work.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, on_signal)
        with contextlib.suppress(asyncio.CancelledError):
            await work

    async def _work(self) -> None:
        try:
            await self._supervisor.start(lambda server: server.prepare(self._progress))
            stack = await self._open_shop()
            self._stack = stack
            stack.write(self._data_dir.path)
            self._on_ready(stack)
            await self._supervisor.watch()
        except Exception:
            self._watcher.failing = True
            raise
        finally:
            self._stack = None
            (self._data_dir.path / STACK_FILE).unlink(missing_ok=True)
            await self._supervisor.stop()

    def _on_change(self, pids: dict[str, int]) -> None:
        """A service that was started again has another process."""
        self._pids = pids
        if self._stack is not None:
            self._stack = replace(self._stack, processes=pids)
            self._stack.write(self._data_dir.path)

    async def _open_shop(self) -> Stack:
        wiring = self._plan.wiring
        password = Secrets(self._data_dir.path).password("customer")
        if wiring.gateway_url:
            await sign_up(wiring.gateway_url, CUSTOMER_EMAIL, password)
        return self._describe(password)

    def _describe(self, customer_password: str) -> Stack:
        wiring = self._plan.wiring
        running = {unit.name for unit in self._plan.units}
        return Stack(
            supervisor=ProcessId.of(os.getpid()),
            started_at=time.time(),
            gateway_url=wiring.gateway_url,
            databases={name: url for name, url in wiring.database_urls.items() if name in running},
            postgres_url=self._plan.postgres_url,
            valkey_url=wiring.valkey_url if "valkey" in running else "",
            kafka_url=wiring.broker_url if "kafka" in running else "",
            provider_url=wiring.provider_url,
            signing_key_file=str(wiring.signing_key_file),
            operator_email=wiring.operator_email,
            operator_password=wiring.operator_password,
            customer_email=CUSTOMER_EMAIL if GATEWAY in running else "",
            customer_password=customer_password if GATEWAY in running else "",
            processes=self._pids,
            services={
                name: [f"http://{address}" for address in wiring.addresses(name)] for name in wiring.instances
            },
            logs=str(self._data_dir.logs),
        )
