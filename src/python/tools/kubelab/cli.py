"""`./pants run src/python/tools/kubelab/cli.py -- up`: a real Kubernetes control plane, by one command."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.devstack.data_dir import DataDir
from tools.devstack.detach import run_detached
from tools.devstack.failures import DevstackError
from tools.devstack.inspection import stop_stack
from tools.devstack.ports import LOOPBACK
from tools.devstack.progress import Progress
from tools.devstack.stack import default_data_dir
from tools.kubelab import strimzi
from tools.kubelab.build import Built, cache_folder, ensure_built, find_built
from tools.kubelab.lab import Lab, Wanted, run_lab
from tools.kubelab.programs import DEFINITIONS, PROGRAMS

MAX_NODES = 500
NOT_BUILT = 3
_DESCRIPTION = """\
A real Kubernetes control plane on loopback: etcd, kube-apiserver, kube-controller-manager,
kube-scheduler and metrics-server, built from Go modules; nodes and pods are simulated by kwok.
What the cluster holds ends with it.
"""
_EXAMPLES = """\
examples:
  kubelab up --detach             builds what is missing, starts it, returns when it can be used
  eval "$(kubelab env)"           then kubectl is that of the lab, and talks to it
  kubelab up --karpenter --keda   with Karpenter, whose nodes are simulated, and KEDA, too
  kubelab down

exit codes: 0 done, 1 something failed (one line says what), 2 a wrong option, 3 not built (--only-if-built)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 failed with one line on stderr, 2 wrong options, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        return _ACTIONS[options.action](options)
    except (DevstackError, OSError) as error:
        print(f"kubelab: {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130


def _up(options: argparse.Namespace) -> int:
    progress = Progress(write=_say)
    if options.only_if_built and find_built(cache_folder()) is None:
        print("kubelab: the lab is not built; build it with: kubelab build", file=sys.stderr, flush=True)
        return NOT_BUILT
    built = ensure_built(cache_folder(), progress)
    wanted = Wanted(
        options.folder,
        options.nodes,
        definitions=options.definitions,
        karpenter=options.karpenter,
        keda=options.keda,
    )

    def work(ready: Callable[[], None] = lambda: None) -> int:
        def on_ready(lab: Lab) -> None:
            progress.say(f"Kubernetes {lab.kubernetes} is at {lab.server}; KUBECONFIG={lab.kubeconfig}")
            ready()

        try:
            run_lab(wanted, built, progress, on_ready)
        except (DevstackError, OSError) as error:
            print(f"kubelab: {error}", file=sys.stderr, flush=True)
            return 1
        return 0

    if not options.detach:
        return work()
    (options.folder / "logs").mkdir(parents=True, exist_ok=True)
    return run_detached(work, options.folder / "logs" / "lab.out")


def _down(options: argparse.Namespace) -> int:
    print(stop_stack(DataDir(options.folder)))
    return 0


def _status(options: argparse.Namespace) -> int:
    built = find_built(cache_folder())
    versions = ", ".join(dict.fromkeys(f"{each.lock} {each.version}" for each in PROGRAMS))
    print(f"{versions}: {'built' if built else 'not built'}")
    defined = [f"{each.name} {each.version}" for each in DEFINITIONS]
    print(f"definitions: {', '.join(defined)}, strimzi {strimzi.VERSION}")
    lab = Lab.find(options.folder)
    if lab is None:
        print(f"no lab is up in {options.folder}")
        return 1
    print(f"Kubernetes {lab.kubernetes} is up at {lab.server}")
    for name, pid in DataDir(options.folder).running().items():
        print(f"  {name:<24} {pid:>8}  {LOOPBACK}:{lab.ports[name]}")
    return 0


def _env(options: argparse.Namespace) -> int:
    lab = Lab.find(options.folder)
    if lab is None:
        raise DevstackError(f"no lab is up in {options.folder}; start it with: up --detach")
    print(f"export KUBECONFIG={lab.kubeconfig}")
    print(f"export PATH={Path(lab.kubectl).parent}{os.pathsep}$PATH")
    return 0


def _build(options: argparse.Namespace) -> int:
    built: Built = ensure_built(cache_folder(), Progress(write=_say))
    print(built.folder)
    return 0


def _draw(options: argparse.Namespace) -> int:
    from tools.kubelab.drawing import draw  # noqa: PLC0415 - slow to import, seldom needed

    options.target.write_text(draw(options.samples.read_bytes()))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kubelab",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--folder",
        type=lambda text: Path(text).absolute(),
        default=default_data_dir() / "kubelab",
        metavar="DIR",
        help="where its logs and credentials are (default: .seawall/kubelab here)",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    up = actions.add_parser("up", help="start it, and keep it until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="in the background; returns when it can be used")
    up.add_argument("--only-if-built", action="store_true", help="build nothing: it would take minutes")
    up.add_argument("--nodes", type=_nodes, default=3, metavar="N", help="simulated nodes (default: 3)")
    up.add_argument("--karpenter", action="store_true", help="with Karpenter and its simulated cloud")
    kinds = up.add_mutually_exclusive_group()
    kinds.add_argument("--keda", action="store_true", help="with KEDA, and a Prometheus that it asks")
    kinds.add_argument(
        "--no-definitions",
        dest="definitions",
        action="store_false",
        help="without the definitions of cert-manager, KEDA and so on: up in a few seconds",
    )
    actions.add_parser("down", help="stop it; what the cluster held is gone")
    actions.add_parser("status", help="versions, and what runs")
    actions.add_parser("env", help="lines for a shell: KUBECONFIG and the lab's kubectl")
    actions.add_parser("build", help="only build; prints where")
    draw = actions.add_parser("draw", help="draw what a test saw of a rush (docs/autoscaling.md)")
    draw.add_argument("samples", type=Path, help="its JSON")
    draw.add_argument("target", type=Path, help="the SVG to write")
    return parser


def _nodes(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_NODES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {MAX_NODES}")
    return int(text)


def _say(line: str) -> None:
    print(line, flush=True)


_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "env": _env,
    "build": _build,
    "draw": _draw,
}

if __name__ == "__main__":
    sys.exit(main())
