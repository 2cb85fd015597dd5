"""A real Slurm on this machine, in a folder and on ports of its own, without systemd and munge."""

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

MISSING = "there is no slurmctld: apt-get install slurmctld slurmd slurm-client"
MOST_TASKS = 20  # of an array, MaxArraySize

# `config_overrides` has Slurm believe in the node as it is described, not as it is.
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
MaxArraySize={most_tasks}
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
_GPUS = "AutoDetect=off\nName=gpu File=/dev/zero\nName=gpu File=/dev/full\n"  # devices as any


@dataclass(eq=False)
class Slurm:
    """A controller and a node.

    Args:
        folder: of their files.
        most_tasks: of an array.
    """

    folder: Path
    most_tasks: int = MOST_TASKS

    def __post_init__(self) -> None:
        self.host = socket.gethostname().split(".")[0]
        self.conf = self.folder / "slurm.conf"
        self._controller: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts both, and returns once the node takes jobs."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True)
        ports = {"controller_port": _free_port(), "node_port": _free_port()}
        text = _CONF.format(host=self.host, folder=self.folder, most_tasks=self.most_tasks, **ports)
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
        """Ends the node's daemon; its jobs run on, as they do when it is restarted."""
        assert self._node is not None
        self._node.terminate()
        self._node.wait()

    def end(self) -> None:
        """Ends jobs and daemons."""
        if self._controller is None or self._node is None:
            return
        self.empty()
        for daemon in (self._node, self._controller):
            daemon.terminate()
            daemon.wait()
        until(lambda: not self.left())

    def empty(self) -> None:
        """Ends all jobs."""
        if self._node is not None and self._node.poll() is not None:
            self.start_node()
        self.run("scancel", "--user=root", "--signal=KILL", "--full")
        self.run("scancel", "--user=root")
        until(lambda: not self.run("squeue", "--noheader"))

    def left(self) -> list[str]:
        """The processes of this Slurm, by what they show of themselves."""
        found: list[str] = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                shown = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = (process / "environ").read_bytes()
                if shown.startswith("slurm") and str(self.folder).encode() in environment:
                    found.append(shown)
        return found

    def _daemon(self, name: str, *options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [name, "-D", "-f", str(self.conf), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    # --- what a user does

    def run(self, *command: str) -> str:
        """What a command of Slurm prints."""
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def node_state(self) -> str:
        """The state of the node, as sinfo calls it."""
        (state,) = {*self.run("sinfo", "--noheader", "--format=%T").split()} or {""}
        return state

    def tasks(self, array: str, *fields: str) -> list[list[str]]:
        """The tasks of an array that wait or run: fields as squeue calls them, such as `%T`."""
        shown = ["--noheader", "--array", f"--jobs={array}", f"--format={'|'.join(fields)}"]
        return [line.split("|") for line in self.run("squeue", *shown).splitlines()]

    def states(self, array: str) -> list[str]:
        """Their states, in alphabetical order."""
        return sorted(state for (state,) in self.tasks(array, "%T"))

    def job(self, number: str) -> dict[str, str]:
        """What `scontrol show job` knows of one."""
        shown = self.run("scontrol", "--oneliner", "show", "job", number)
        return dict(re.findall(r"(\S+?)=(\S*)", shown.splitlines()[0]))

    def skip_wait(self, array: str) -> None:
        """Has requeued tasks start soon, and not after two minutes."""
        until(lambda: self.node_state() == "idle")  # the node has done with their first runs
        for (number,) in self.tasks(array, "%A"):
            # not in the second in which the node has revoked their credentials
            self.run("scontrol", "update", f"jobid={number}", "starttime=now+2")
        until(lambda: "PENDING" not in self.states(array))

    def worker_pids(self, directory: Path) -> list[int]:
        """The processes of a sweep's workers, by their logs."""
        logs = (directory / ".sweep" / "workers").glob("*-*.log")
        return [int(log.stem.rpartition("-")[2]) for log in logs]


@contextmanager
def slurm(folder: Path, most_tasks: int = MOST_TASKS) -> Generator[Slurm]:
    """Runs a Slurm within the block, and has Slurm's commands find it."""
    if shutil.which("slurmctld") is None:
        raise FileNotFoundError(MISSING)
    cluster = Slurm(folder, most_tasks)
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(cluster.conf)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()
        del os.environ["SLURM_CONF"]
        if before is not None:
            os.environ["SLURM_CONF"] = before


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
