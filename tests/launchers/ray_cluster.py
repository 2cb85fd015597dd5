"""A Ray cluster on this machine, in its own process: a node that stays, and one to lose."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_PROGRAM = """\
from contextlib import suppress
import sys

from ray.cluster_utils import Cluster
import psutil  # Ray's own

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": True})
node = cluster.add_node(num_cpus=2)
print("cluster", cluster.address, cluster.head_node.webui_url, flush=True)
for line in sys.stdin:
    if line == "lose\\n":  # with its machine, all processes of a node are gone
        (raylet,) = node.all_processes["raylet"]
        for child in psutil.Process(raylet.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
        cluster.remove_node(node, allow_graceful=False)
    else:
        node = cluster.add_node(num_cpus=2)
    print("done", flush=True)
cluster.shutdown()
"""


class Cluster(NamedTuple):
    """A cluster in its own process.

    Args:
        process: reads commands.
        address: for `ray.init`.
        dashboard: for `ray job submit`.
    """

    process: subprocess.Popen[str]
    address: str
    dashboard: str

    def lose_node(self) -> None:
        """Kills all processes of the node that can be lost."""
        self._do("lose")

    def add_node(self) -> None:
        """Adds another in its place."""
        self._do("add")

    def _do(self, what: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(what, file=self.process.stdin, flush=True)
        next(line for line in self.process.stdout if line == "done\n")


@contextmanager
def ray_cluster(folder: Path) -> Generator[Cluster]:
    """Runs two nodes of two CPUs within the block, as raylets of this machine.

    Args:
        folder: the working directory of their processes.
    """
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    ) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith("cluster "))
        _, address, dashboard = line.split()
        yield Cluster(process, address, f"http://{dashboard}")
        process.communicate()
