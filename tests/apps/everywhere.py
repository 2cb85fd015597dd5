"""What a job's threads and child processes see. A script without a guard."""

import asyncio
import json
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from joblib import Parallel, delayed

from params_proto import proto


@proto.prefix
class Training:
    lr: float = 0.001
    layers: tuple[int, ...] = (1,)


def seen(_=None):
    return [Training.lr, list(Training.layers)]


def put(queue):
    queue.put(seen())


def same(found):
    """The value that all have in common, or else all of them."""
    found = list(found)
    return found[0] if all(one == found[0] for one in found) else found


def in_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(seen()))
    thread.start()
    thread.join()
    return found[0]


def in_process(method):
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=put, args=(queue,))
    process.start()
    found = queue.get(timeout=60)
    process.join()
    return found


def in_pool(method):
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        return same(pool.map(seen, range(4)))


async def in_tasks():
    async def task(lr):
        with proto.bind(Training, lr=lr):
            await asyncio.sleep(0)
            return seen()

    return await asyncio.gather(task(1), task(2), asyncio.to_thread(seen))


@proto.cli
def main(seed: int = 0):
    if seed:
        return seen()
    found = {
        "here": seen(),
        "thread": in_thread(),
        "threads": same(ThreadPoolExecutor(2).map(seen, range(3))),
        "tasks": asyncio.run(in_tasks()),
        "plain call": main(seed=1),
        "fork": in_process("fork"),
        "spawn": in_process("spawn"),
        "forkserver": in_process("forkserver"),
        "fork pool": in_pool("fork"),
        "spawn pool": in_pool("spawn"),
        # its workers stay for the next job
        "joblib": same(Parallel(2)(delayed(seen)(i) for i in range(4))),
    }
    os.write(1, json.dumps(found).encode() + b"\n")


main()
