"""A proto app whose jobs start child processes."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

from lab.parts import Data
from params_proto import proto


def batch_size():
    return Data.batch_size


@proto.cli
def train():
    found = [batch_size()]
    for method in ("fork", "spawn", "forkserver"):
        with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
            found.append(pool.submit(batch_size).result())
    return found, os.getpid()
