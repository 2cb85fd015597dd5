"""A proto app whose jobs end in every possible way."""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from params_proto import job, proto

with Path("imports").open("a") as imports:
    imports.write(f"{os.getpid()}\n")

if extra := os.environ.get("TRAIN_IMPORTS"):
    importlib.import_module(extra)

seeds_run: list[int] = []  # by this process: at most one, if each job has its own


def wait_for(name: str) -> None:
    while not Path(name).exists():
        time.sleep(0.01)


def deadlock() -> None:
    """Waits forever in C, where Python does not handle signals."""
    library, lock = ctypes.PyDLL(None), ctypes.create_string_buffer(64)
    library.pthread_mutex_lock(lock)
    library.pthread_mutex_lock(lock)


def waits(seed: int) -> None:
    with Path(f"started-{seed}").open("a") as started:
        started.write(f"{os.getpid()}\n")
    try:
        wait_for("go")
    finally:
        Path(f"cleaned-{seed}").touch()


@proto.prefix
class Model:
    width: int = 4


@proto.cli
def main(seed: int = 0, how: str = "ends"):
    if how == "waits":  # does not call job(), so SIGTERM ends it
        return waits(seed)
    this = job()
    seeds_run.append(seed)
    print(f"seed {seed}, attempt {this.attempt}")
    if how == "prints":
        os.write(1, b"by the descriptor\n")
        subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
        print("an error", file=sys.stderr)
    elif how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif how == "exits":
        os._exit(7)
    elif how == "leaves":
        Path("left").write_text(f"{subprocess.Popen(['sleep', '600']).pid}\n")
    elif how == "openmp":
        importlib.import_module("openmp").fit()
    elif how == "kills-worker" and this.attempt == 1:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    elif how == "raises":
        raise ValueError("unlucky")
    elif how == "interrupts":
        raise KeyboardInterrupt
    elif how == "raises-once" and this.attempt == 1:
        raise ValueError("unlucky at first")
    elif how == "in-c" and this.attempt == 1:
        Path(f"held-{seed}").write_text(f"{os.getpid()}\n")
        deadlock()
    elif how == "spawns" and this.attempt == 1:
        children = [subprocess.Popen(["sleep", "600"]).pid, os.fork()]
        if not children[1]:  # it inherits the handler of SIGTERM, and never exits by itself
            deadlock()
        Path("spawned").write_text(f"{os.getpid()} {children[0]} {children[1]}\n")
        deadlock()
    elif how == "raises-then":
        Path(f"started-{seed}").write_text(f"{os.getpid()}\n")
        while not this.stopping:
            time.sleep(0.01)
        raise ValueError("half of a result")
    elif how == "sleeps":
        time.sleep(3)
    elif how == "thread":
        threading.Thread(target=lambda: (time.sleep(0.2), Path("by-a-thread").touch())).start()
    elif how == "saves":
        Path(f"started-{seed}").write_text(f"{os.getpid()}\n")
        print(f"time left {this.time_left}")
        saved = this.latest("*.ckpt")
        step = int(saved.read_text()) if saved else 0
        while not this.stopping and not Path("go").exists():
            time.sleep(0.01)
        (this.directory / f"{step + 1}.ckpt").write_text(str(step + 1))
        return {"step": step + 1}
    return {
        "seed": seed,
        "width": Model.width,
        "pid": os.getpid(),
        "before": seeds_run[:-1],
        "modules": sorted(sys.modules.keys() & {"threads", "torch"}),
        "number": this.number,
        "directory": str(this.directory),
        "time_left": this.time_left,
        "gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
    }


if __name__ == "__main__":
    main()
