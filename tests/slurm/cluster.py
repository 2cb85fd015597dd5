"""Runs a real Slurm on this machine, in its own folder and on its own ports.

It needs neither systemd nor munge.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import until

MISSING = "slurmctld is not installed: apt-get install slurmctld slurmd slurm-client"
MAX_ARRAY_SIZE = 20

# `config_overrides` makes Slurm trust this description of the node instead of checking it.
_CONF = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
MaxArraySize={max_array_size}
MaxJobCount=10000
JobRequeue=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=5
DefMemPerCPU=10
SchedulerParameters=sched_interval=1,bf_interval=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=16 RealMemory=8000 Gres=gpu:2 State=UNKNOWN
PartitionName=gpu Nodes=ALL Default=YES PriorityTier=1 MaxTime=INFINITE State=UP
PartitionName=urgent Nodes=ALL PriorityTier=10 MaxTime=INFINITE State=UP
"""
_CGROUP = "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nIgnoreSystemd=yes\n"
_GPUS = "AutoDetect=off\nName=gpu File=/dev/zero\nName=gpu File=/dev/full\n"  # any devices will do


@dataclass(eq=False)
class Slurm:
    """A controller and a node.

    Args:
        folder: the folder for their files.
        max_array_size: MaxArraySize.
    """

    folder: Path
    max_array_size: int = MAX_ARRAY_SIZE

    def __post_init__(self) -> None:
        self.host = socket.gethostname().split(".")[0]
        self.conf = self.folder / "slurm.conf"
        self._controller: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts both, and waits until the node accepts jobs."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True)
        text = _CONF.format(
            host=self.host,
            folder=self.folder,
            max_array_size=self.max_array_size,
            controller_port=_free_port(),
            node_port=_free_port(),
        )
        self.conf.write_text(text)
        (self.folder / "cgroup.conf").write_text(_CGROUP)
        (self.folder / "gres.conf").write_text(_GPUS)
        self._controller = self._daemon("slurmctld", "-i")
        self.start_node()

    def start_node(self) -> None:
        """Starts the node's daemon."""
        self._node = self._daemon("slurmd", "-N", self.host)
        until(lambda: self.node_state() in ("idle", "mixed"))

    def stop_node(self) -> None:
        """Stops the node's daemon. Its jobs keep running, as during a restart."""
        assert self._node is not None
        self._node.terminate()
        self._node.wait()

    def stop(self) -> None:
        """Stops all jobs and both daemons."""
        if self._controller is None or self._node is None:
            return
        self.cancel_all()
        for daemon in (self._node, self._controller):
            daemon.terminate()
            daemon.wait()
        until(lambda: not self.processes())

    def cancel_all(self) -> None:
        """Cancels all jobs."""
        if self._node is not None and self._node.poll() is not None:
            self.start_node()
        self.run("scancel", "--user=root", "--signal=KILL", "--full")
        self.run("scancel", "--user=root")
        until(lambda: not self.run("squeue", "--noheader"))

    def processes(self) -> list[str]:
        """The command lines of this Slurm's processes."""
        commands: list[str] = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = (process / "environ").read_bytes()
                if command.startswith("slurm") and str(self.folder).encode() in environment:
                    commands.append(command)
        return commands

    def _daemon(self, name: str, *options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [name, "-D", "-f", str(self.conf), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    # --- Slurm's commands

    def run(self, *command: str) -> str:
        """Runs one of Slurm's commands; returns its output."""
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def node_state(self) -> str:
        """The state of the node, from sinfo."""
        (state,) = {*self.run("sinfo", "--noheader", "--format=%T").split()} or {""}
        return state

    def tasks(self, array: str, *fields: str) -> list[list[str]]:
        """Fields of an array's pending and running tasks, in squeue's format, such as `%T`."""
        options = ["--noheader", "--array", f"--jobs={array}", f"--format={'|'.join(fields)}"]
        return [line.split("|") for line in self.run("squeue", *options).splitlines()]

    def states(self, array: str) -> list[str]:
        """The states of an array's tasks, sorted."""
        return sorted(state for (state,) in self.tasks(array, "%T"))

    def job(self, number: str) -> dict[str, str]:
        """The fields of a job in `scontrol show job`."""
        output = self.run("scontrol", "--oneliner", "show", "job", number)
        return dict(re.findall(r"(\S+?)=(\S*)", output.splitlines()[0]))

    def skip_requeue_delay(self, array: str) -> None:
        """Starts requeued tasks soon, instead of after two minutes."""
        until(lambda: self.node_state() == "idle")  # the node has finished their first runs
        for (number,) in self.tasks(array, "%A"):
            # Not in the same second in which the node has revoked their credentials.
            self.run("scontrol", "update", f"jobid={number}", "starttime=now+2")
        until(lambda: "PENDING" not in self.states(array))

    def worker_pids(self, directory: Path) -> list[int]:
        """The process ids of a sweep's workers, from the names of their logs."""
        logs = (directory / ".sweep" / "workers").glob("*-*.log")
        return [int(log.stem.rpartition("-")[2]) for log in logs]


@contextmanager
def slurm(folder: Path, max_array_size: int = MAX_ARRAY_SIZE) -> Generator[Slurm]:
    """Runs a Slurm within the block, and sets SLURM_CONF for its commands."""
    if shutil.which("slurmctld") is None:
        raise FileNotFoundError(MISSING)
    cluster = Slurm(folder, max_array_size)
    previous = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(cluster.conf)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        del os.environ["SLURM_CONF"]
        if previous is not None:
            os.environ["SLURM_CONF"] = previous


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
