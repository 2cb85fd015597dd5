"""An app whose jobs end in each way that there is."""

import asyncio
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

import hydra
from hydra.core.config_store import ConfigStore


@dataclass
class Config:
    how: str = "fine"


ConfigStore.instance().store(name="config", node=Config)


class UnpicklableError(Exception):
    def __init__(self) -> None:
        super().__init__("it has a lock")
        self.lock = threading.Lock()


class UnmadeError(Exception):
    """Pickled with its text alone, from which it cannot be made again."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)


class UnsayableError(Exception):
    def __str__(self) -> str:
        raise ValueError("it has no words")

    __repr__ = __str__


class Deadly:
    """Ends the process that sends it to another one, after its job."""

    def __reduce__(self) -> str:
        os._exit(1)


def throw(error: BaseException) -> object:
    raise error


def recurse() -> object:
    return recurse()


def nested() -> object:
    whole: list[object] = []
    whole.append(whole)
    return whole


def group() -> object:
    raise ExceptionGroup("two at once", [ValueError("one"), KeyError("two")])


END: dict[str, Callable[[], object]] = {
    "fine": lambda: 1,
    "fine-too": lambda: 2,
    "unpicklable": lambda: throw(UnpicklableError()),
    "unmade": lambda: throw(UnmadeError("two arguments", 2)),
    "unsayable": lambda: throw(UnsayableError()),
    "recursion": recurse,
    "group": group,
    "cancelled": lambda: throw(asyncio.CancelledError()),
    "surrogate": lambda: throw(ValueError("a lone \ud800 surrogate")),
    "exit": sys.exit,
    "exit-0": lambda: sys.exit(0),
    "exit-3": lambda: sys.exit(3),
    "exit-text": lambda: sys.exit("a last word"),
    "unserialisable": lambda: {"model": threading.Lock()},
    "endless": nested,
    "interrupt": lambda: throw(KeyboardInterrupt()),
    "deadly-value": Deadly,
    "os-exit": lambda: os._exit(1),
    "segmentation": lambda: ctypes.string_at(0),
    "sigkill": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


@hydra.main(version_base="1.3", config_path=None, config_name="config")
def main(config: Config) -> object:
    return END[config.how]()


if __name__ == "__main__":
    main()
