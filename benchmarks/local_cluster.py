"""A Ray cluster on this machine, for tests and `make cluster`: nodes come, go, and may be blind to a folder.

Ray's own helper keeps the head and the nodes in a process of its own, which this file is started as; whoever uses
`LocalCluster` does not load Ray.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

__all__ = ["LocalCluster", "can_blind", "local_cluster"]

_STORE: Final = 150 << 20
"""Bytes of shared memory for a node's objects."""
_PATIENCE: Final = 180.0
"""Seconds in which a node has to come."""
_RAY: Final = (sys.executable, "-c", "from ray.scripts.scripts import main; main()")


class LocalCluster:
    """A head without cores of its own, and nodes with one each."""

    def __init__(self, process: subprocess.Popen[str], environment: dict[str, str]) -> None:
        self._process, self._environment = process, environment
        self._blind: list[subprocess.Popen[bytes]] = []
        self.address = self._answer()

    def add(self) -> None:
        """One more node; returns once it is there."""
        self._ask("add")

    def remove(self) -> None:
        """Kill the node that came last, with all that runs on it."""
        self._ask("remove")

    def add_blind(self, folder: Path) -> None:
        """One more node, to which a folder is empty. See `can_blind`."""
        start = [*_RAY, "start", "--address", self.address, "--num-cpus", "1", "--object-store-memory", str(_STORE)]
        shell = 'mount -t tmpfs none "$1" && shift && exec "$@"'
        command = ["unshare", "-m", "sh", "-c", shell, "sh", str(folder), *start, "--block", "--disable-usage-stats"]
        nodes = int(self._ask("count"))
        log = Path(self._environment["RAY_TMPDIR"], "blind.log")
        with log.open("wb") as said:
            blind = subprocess.Popen(command, env=self._environment, stdout=said, stderr=said, start_new_session=True)
        self._blind.append(blind)
        until = time.monotonic() + _PATIENCE
        while int(self._ask("count")) <= nodes:
            if blind.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the node does not come: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)

    def close(self) -> None:
        """End every process of it."""
        for blind in self._blind:
            with suppress(ProcessLookupError):
                os.killpg(blind.pid, signal.SIGKILL)
            blind.wait()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait()

    def _ask(self, what: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("answer "):
                return line.removeprefix("answer ").strip()
        raise RuntimeError("the cluster's process ended")


def can_blind() -> bool:
    """Whether a process may be started to which a folder is empty; that takes root, on Linux."""
    return (
        shutil.which("unshare") is not None
        and not subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode
    )


@contextmanager
def local_cluster(nodes: int) -> Iterator[LocalCluster]:
    """So many nodes, gone at the end. The folder of Ray's sockets has a short path, which they need."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0"}
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.local_cluster", str(nodes)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
            cwd=Path(__file__).parents[1],
        )  # fmt: skip
        cluster = LocalCluster(process, environment)
        try:
            yield cluster
        finally:
            cluster.close()


def main() -> None:
    """Keep a cluster until standard input ends; do what its lines say."""
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, "object_store_memory": _STORE}
    )
    nodes = [_added(cluster) for _ in range(int(sys.argv[1]))]
    print(f"answer {cluster.address}", flush=True)
    for line in sys.stdin:
        match line.split():
            case ["add"]:
                nodes.append(_added(cluster))
            case ["remove"]:
                cluster.remove_node(nodes.pop(), allow_graceful=False)
        print(f"answer {len(cluster.global_state._live_node_ids())}", flush=True)
    cluster.shutdown()


def _added(cluster: Any) -> Any:
    return cluster.add_node(num_cpus=1, object_store_memory=_STORE)


if __name__ == "__main__":
    main()
