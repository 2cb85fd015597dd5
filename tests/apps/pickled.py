"""A script's function, pickled. Without a guard."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import cloudpickle

from params_proto import proto


@proto.cli
def train(lr: float = 0.001):
    return lr


@proto.cli
def main():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        print(pool.submit(train, lr=0.5).result(), pool.submit(train).result())
    print([pickle.loads(pickle.dumps(train, protocol)) is train for protocol in (4, 5)])
    copied = cloudpickle.loads(cloudpickle.dumps(train))
    print(copied is train, copied(lr=0.25), copied.__qualname__, copied.__wrapped__.__qualname__)
    print(train.__qualname__, train.__wrapped__.__qualname__)


main.run()
