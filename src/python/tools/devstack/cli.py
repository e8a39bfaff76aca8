"""`up`: the whole shop on real servers, by one command."""

import sys
from collections.abc import Callable, Sequence

from tools.devstack.failures import DevstackError
from tools.devstack.options import UpOptions, parse_options
from tools.devstack.progress import Progress
from tools.devstack.stack import Stack


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 failed with one line on stderr, 2 wrong options, 130 interrupted."""
    options = parse_options(sys.argv[1:] if arguments is None else arguments)
    try:
        return _ACTIONS[options.action](options)
    except (DevstackError, OSError) as error:
        return _failed(error)
    except KeyboardInterrupt:  # before anything was started
        return 130


def _run(options: UpOptions, ready: Callable[[], None] = lambda: None) -> int:
    from tools.devstack.up import run_up  # noqa: PLC0415 - --help and --status need none of it

    def on_ready(stack: Stack) -> None:
        print(summary(stack, detached=options.action == "detach"), flush=True)
        ready()

    run_up(options, Progress(write=_say), on_ready)
    return 0


def _detach(options: UpOptions) -> int:
    from tools.devstack.data_dir import DataDir  # noqa: PLC0415
    from tools.devstack.detach import run_detached  # noqa: PLC0415

    def work(ready: Callable[[], None]) -> int:
        try:
            return _run(options, ready)
        except (DevstackError, OSError) as error:
            return _failed(error)

    return run_detached(work, DataDir(options.data_dir).logs / "up.log")


def _stop(options: UpOptions) -> int:
    from tools.devstack.data_dir import DataDir  # noqa: PLC0415
    from tools.devstack.inspection import stop_stack  # noqa: PLC0415

    print(stop_stack(DataDir(options.data_dir)))
    return 0


def _status(options: UpOptions) -> int:
    from tools.devstack.data_dir import DataDir  # noqa: PLC0415
    from tools.devstack.inspection import describe_stack  # noqa: PLC0415

    page, is_up = describe_stack(DataDir(options.data_dir))
    print(page)
    return 0 if is_up else 1


def summary(stack: Stack, *, detached: bool) -> str:
    """What a person needs next."""
    stop = "stop it with: ./pants up --stop" if detached else "stop it with Ctrl-C"
    if not stack.gateway_url:
        addresses = [f"  {name}: {', '.join(urls)}" for name, urls in stack.services.items()]
        return "\n".join(
            ["", "Ready, without the gateway:", *addresses, f"  logs: {stack.logs}", f"  {stop}"]
        )
    return f"""
The shop is open: {stack.gateway_url}
  customer: {stack.customer_email}  password: {stack.customer_password}
  operator: {stack.operator_email}  password: {stack.operator_password}
  logs: {stack.logs}/<name>.log
  {stop}"""


def _failed(error: Exception) -> int:
    print(f"up: {error}", file=sys.stderr, flush=True)
    return 1


def _say(line: str) -> None:
    print(line, flush=True)


_ACTIONS: dict[str, Callable[[UpOptions], int]] = {
    "run": _run,
    "detach": _detach,
    "stop": _stop,
    "status": _status,
}

if __name__ == "__main__":
    sys.exit(main())
