"""Whether a cluster can be used from this machine, as the doctor says it: a line for the cluster, and one a node."""

from __future__ import annotations

from engine.candidates.untrusted import shown
from engine.jobs.cluster.machines import ALIKE, Node, nodes_at
from engine.jobs.process import Runner, WorkerProcess
from engine.machine.doctor import MachineCheck
from engine.machine.sizes import human_bytes
from rubrics.counted import count
from rubrics.errors import RudeError

__all__ = ["cluster_checks"]


def cluster_checks(address: str, runner: Runner = WorkerProcess) -> list[MachineCheck]:
    """Join the cluster at an address and ask its nodes what they have; takes some seconds.

    Args:
        address: as `engine.jobs.cluster.machines.cluster_at` takes it.
        runner: where the worker runs that connects to it.
    """
    try:
        nodes = nodes_at(address, runner)
    except RudeError as error:
        return [MachineCheck("cluster", False, f"{shown(address)}: {error.what}", error.fix, error.shell)]
    usable = sum(not node.problem for node in nodes)
    told = f"{address} answers: {count(len(nodes), 'node')}, {usable} of which can be used"
    return [MachineCheck("cluster", usable > 0, told, "" if usable else ALIKE), *map(_of_node, nodes)]


def _of_node(node: Node) -> MachineCheck:
    if node.problem:
        return MachineCheck(f"node {node.name}", False, node.problem, ALIKE)
    cpu, *gpus = node.devices
    parts = [count(node.cpus, "core"), f"{human_bytes(cpu.free)} free of {human_bytes(cpu.total)}"]
    parts += [f"{gpu.name}: {human_bytes(gpu.free)} free of {human_bytes(gpu.total)}" for gpu in gpus]
    return MachineCheck(f"node {node.name}", True, "; ".join(parts))
