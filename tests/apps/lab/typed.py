"""A proto app. It returns what it and a thread of it see, and the process that it ran in."""

import enum
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from lab.parts import Data
from params_proto import proto


class Kind(enum.Enum):
    SMALL = 1
    LARGE = 2


class Seen(NamedTuple):
    kind: Kind
    widths: tuple[int, ...]
    path: Path
    batch_size: int


@proto.prefix
class Model:
    kind: Kind = Kind.SMALL
    widths: tuple[int, ...] = ()


def seen():
    return Seen(Model.kind, Model.widths, Data.path, Data.batch_size)


@proto.cli(config_path="conf", config_name="config")
def train(lr: float = 0.1, name: str = "none", seed: int = 0):
    with ThreadPoolExecutor(1) as threads:
        return (lr, name, seed, seen(), threads.submit(seen).result()), os.getpid()


if __name__ == "__main__":
    train()
