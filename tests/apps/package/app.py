"""An app that reports what a job and its threads see. A test runs it from another script."""

import enum
import json
import os
import threading
import time
from pathlib import Path
from typing import Literal

from package.parts import Model
from params_proto import proto


class Mode(enum.Enum):
    FAST = "fast"
    SLOW = "slow"


@proto.prefix
class Training:
    lr: float
    mode: Literal["a", "b"] = "a"


def seen():
    return [Training.lr, Training.mode, list(Model.width)]


def meet_the_other_worker():
    folder = os.environ.get("MEETING")
    if folder:
        (Path(folder) / str(os.getpid())).touch()
        while len(os.listdir(folder)) < 2:
            time.sleep(0.01)


@proto.cli
def train(seed: int = 0, mode: Mode = Mode.FAST):
    found = []
    thread = threading.Thread(target=lambda: found.append(seen()))
    thread.start()
    thread.join()
    meet_the_other_worker()
    report = {
        "lr": Training.lr,
        "mode": mode.value,
        "pid": os.getpid(),
        "seed": seed,
        "thread": found[0],
        "width": list(Model.width),
    }
    os.write(1, json.dumps(report).encode() + b"\n")


if __name__ == "__main__":
    train()
