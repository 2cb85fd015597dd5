"""A sweep in Python: time compared with scikit-learn's ParameterGrid, memory, import time.

Times are medians, in CPU time but where a file is written, so that little depends on whatever else
the machine does; a peer is measured in the same process, the rounds of the two alternating.
"""

from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sklearn.model_selection import ParameterGrid  # pyright: ignore[reportMissingTypeStubs]

from params_proto import Sweep
from tests.benchmarks.table import Row, Table

ROUNDS = 9
MILLION = {f"key{i}": [j / 10 for j in range(10)] for i in range(6)}
TRILLION = {f"key{i}": [j / 10 for j in range(10)] for i in range(12)}


def iteration(pairs: int) -> Iterator[Row]:
    ours, peer = Sweep().product(MILLION), ParameterGrid(MILLION)
    assert len(ours) == len(peer) == 10**6
    assert list(ours[:1000]) == [peer[i] for i in range(1000)]  # the two do the same work
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(ROUNDS):
        times["ours"].append(cpu_seconds(ours))
        times["peer"].append(cpu_seconds(peer))
    ours_s, peer_s = (statistics.median(times[name]) for name in ("ours", "peer"))
    yield "iterate 10^6 configs over 6 keys", f"{ours_s:.3f} s"
    yield "  the same with ParameterGrid", f"{peer_s:.3f} s"
    yield "  ParameterGrid / Sweep", f"{peer_s / ours_s:.2f} x"


def cpu_seconds(configs: Iterable[object]) -> float:
    gc.collect()
    start = time.process_time()
    for _ in configs:
        pass
    return time.process_time() - start


def memory(pairs: int) -> Iterator[Row]:
    sweep = Sweep().product(MILLION)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in sweep:
        pass
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    yield "peak memory of that iteration, beyond the axes", f"{peak / 1024:.1f} KiB"


def without_expansion(pairs: int) -> Iterator[Row]:
    """Each on a new sweep, so that nothing computed in an earlier round helps."""
    config = make()[10**11]
    last = make()[-1]
    absent = {**last, "key3": 17.0}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.yaml"
        operations: dict[str, Callable[[Sweep], Any]] = {
            "len": len,
            "s[10**11]": lambda s: s[10**11],
            "s[-1]": lambda s: s[-1],
            "x in s": lambda s: config in s,
            "x in s, absent": lambda s: absent not in s,
            "list(s.sample(1000))": lambda s: list(s.sample(1000)),
            "s.shuffle()[10**9]": lambda s: s.shuffle()[10**9],
            "s[10**9 : 10**11 : 7][5]": lambda s: s[10**9 : 10**11 : 7][5],
            "s == an equal sweep": lambda s: s == make(),
        }
        yield "12 keys, 10^12 configs: construction", milliseconds(lambda _: make())
        for name, operation in operations.items():
            yield f"  {name}", milliseconds(operation)
        saved = milliseconds(lambda s: s.save(path), time.perf_counter)
        yield "  s.save('sweep.yaml'), wall clock", saved


def make() -> Sweep:
    return Sweep().product(TRILLION)


def milliseconds(
    operation: Callable[[Sweep], Any], clock: Callable[[], float] = time.process_time
) -> str:
    times: list[float] = []
    for _ in range(ROUNDS):
        sweep = make()
        start = clock()
        result = operation(sweep)
        times.append(clock() - start)
        assert result is not False
    return f"{statistics.median(times) * 1000:.3f} ms"


# Hydra has loaded these when it comes to the plugins, whether or not ours is installed.
DISCOVERY = """
import time
import hydra.core.config_store, hydra.core.plugins, hydra.core.utils, hydra.plugins.sweeper
start = time.process_time()
import hydra_plugins.params_proto_sweeper.config, hydra_plugins.params_proto_sweeper.sweeper
print(time.process_time() - start)
"""


def imports(pairs: int) -> Iterator[Row]:
    codes = {
        "import params_proto, over the bare interpreter": "import params_proto",
        "  from params_proto import Sweep, proto": "from params_proto import Sweep, proto",
    }
    times: dict[str, list[float]] = {code: [] for code in ("pass", *codes.values(), DISCOVERY)}
    for _ in range(2 * ROUNDS):
        for code, seconds in times.items():
            seconds.append(float(fresh(code)) if code is DISCOVERY else child_seconds(code))
    median = {code: statistics.median(seconds) * 1000 for code, seconds in times.items()}
    for what, code in codes.items():
        yield what, f"{median[code] - median['pass']:.1f} ms"
    found = f"{median[DISCOVERY]:.2f} ms"
    yield "the plugin's import in a Hydra app that does not use it", found


def child_seconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    fresh(code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


TABLE = Table(
    "A sweep in Python",
    ("what", "measured"),
    {
        "iteration": iteration,
        "algebra": without_expansion,
        "iteration-memory": memory,
        "imports": imports,
    },
)
