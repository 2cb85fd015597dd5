"""Calls of an app, each of which is the app's run or its body."""

import functools
import threading

from params_proto import proto


@proto.prefix
class Training:
    lr: float = 0.001


@proto.cli
def train(seed: int = 0):
    print("body", seed, Training.lr)
    return seed


@proto.cli
def other(seed: int = 5):
    print("other", seed, Training.lr, train())
    return seed


def call():
    return train()


print("app", train())
print("app", call())
print("app", functools.partial(train)())
print("app", other())
print("call", train(seed=3))
with proto.bind(Training, lr=0.25):
    print("bind", train())
thread = threading.Thread(target=lambda: print("app in a thread", train()))
thread.start()
thread.join()
