"""Whose values apply: threads, tasks and processes, inside binds and jobs."""

from __future__ import annotations

import asyncio
import json
import pickle
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from params_proto import SweepError, proto
from params_proto.app import current
from params_proto.app.current import BoundValues

APPS = Path(__file__).parents[1] / "apps"


@proto.prefix
class Training:
    lr: float = 0.001
    seed: int = 1


@proto.cli
def train(lr: float = 0.1) -> tuple[float, float]:
    return lr, Training.lr


KEY = Training.__proto_parameters__.key  # type: ignore


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Removes what a test leaves in the process."""
    yield
    current.process.__init__()


def in_thread(read: Callable[[], Any]) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(read()))
    thread.start()
    thread.join()
    return found[0]


def lr() -> float:
    return Training.lr


def job(**values: Any) -> BoundValues:
    return BoundValues({KEY: values}, is_job=True)


# Threads and tasks


def test_a_thread_sees_the_main_threads_innermost_bind():
    assert in_thread(lr) == 0.001
    with proto.bind(Training, lr=1.0):
        assert in_thread(lr) == 1.0
        with proto.bind(Training, lr=2.0), ThreadPoolExecutor(1) as pool:
            assert pool.submit(lr).result() == 2.0
        assert in_thread(lr) == 1.0
    assert in_thread(lr) == 0.001


def test_a_thread_sees_the_jobs_values_also_within_a_bind():
    with proto.bind(Training, lr=1.0), job(lr=2.0):
        assert (Training.lr, in_thread(lr)) == (2.0, 2.0)
        with proto.bind(Training, lr=3.0):
            assert (Training.lr, in_thread(lr)) == (3.0, 3.0)
    assert Training.lr == 0.001


def test_each_thread_has_its_own_binds():
    both_bound = threading.Barrier(2, timeout=60)

    def bound(value: float) -> tuple[float, float, int]:
        with proto.bind(Training, lr=value):
            both_bound.wait()
            Training.lr += 0.5
            both_bound.wait()
            return Training.lr, train()[1], Training.seed

    with proto.bind(Training, lr=9.0, seed=7), ThreadPoolExecutor(2) as pool:
        assert list(pool.map(bound, [1.0, 2.0])) == [(1.5, 1.5, 7), (2.5, 2.5, 7)]
        assert Training.lr == 9.0


def test_each_task_has_its_own_binds():
    async def bound(value: float) -> float:
        with proto.bind(Training, lr=value):
            await asyncio.sleep(0)
            return Training.lr

    async def both() -> list[float]:
        with proto.bind(Training, lr=9.0):
            return [*await asyncio.gather(bound(1.0), bound(2.0), asyncio.to_thread(lr)), lr()]

    assert asyncio.run(both()) == [1.0, 2.0, 9.0, 9.0]


def test_one_bind_can_be_entered_again_and_decorate_a_recursive_function():
    bound = proto.bind(Training, lr=1.0)
    with bound:
        Training.lr = 5.0
        with bound:
            assert Training.lr == 1.0
        assert Training.lr == 5.0

    @bound
    def down(n: int) -> list[float]:
        return [Training.lr, *(down(n - 1) if n else [])]

    assert down(2) == [1.0, 1.0, 1.0]


# Assignment


def test_an_assignment_holds_for_the_process_or_ends_with_the_innermost_block():
    Training.lr = 5.0
    assert in_thread(lr) == 5.0
    with proto.bind(Training, seed=2):
        assert Training.lr == 5.0
        Training.lr = 6.0
        assert in_thread(lr) == 6.0
    with job(lr=7.0):
        in_thread(lambda: setattr(Training, "lr", 8.0))
        assert Training.lr == 8.0
    assert Training.lr == 5.0


# Processes


@pytest.mark.parametrize(
    ("value", "problem"),
    [(threading.Lock(), "cannot pickle"), (lambda: 0, "lambda")],
    ids=["lock", "lambda"],
)
def test_a_value_that_cannot_travel_is_an_error_where_it_is_read(value: Any, problem: str):
    with BoundValues({KEY: {"lr": value, "seed": 3}}):
        packed = pickle.dumps(current.process)
    pickle.loads(packed)

    assert Training.seed == 3
    for _ in range(2):
        with pytest.raises(SweepError, match=rf"^The value of lr .*{problem}.* Pass it to the fu"):
            _ = Training.lr


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the apps: `parts` is importable, the others are scripts."""
    folder = tmp_path_factory.mktemp("apps")
    shutil.copytree(APPS, folder, dirs_exist_ok=True)
    return folder


def printed(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


WAYS = ["here", "thread", "threads", "plain call", "fork", "spawn", "forkserver"]
WAYS += ["fork pool", "spawn pool", "joblib"]


def test_every_thread_and_process_of_a_job_sees_its_values(app: Path, python: Any):
    rates = [0.5, 0.25]

    done = python("everywhere.py", "-m", "training.lr=0.5,0.25", "training.layers=[3,4]", cwd=app)

    jobs = printed(done.stdout)
    assert len(jobs) == 2
    for rate, found in zip(rates, jobs, strict=True):
        assert found.pop("tasks") == [[1.0, [3, 4]], [2.0, [3, 4]], [rate, [3, 4]]]
        assert list(found) == WAYS
        assert {name: value for name, value in found.items() if value != [rate, [3, 4]]} == {}


def test_the_joblib_launchers_workers_see_the_values_of_each_job(
    app: Path, tmp_path: Path, python: Any, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "meeting").mkdir()
    monkeypatch.setenv("MEETING", str(tmp_path / "meeting"))

    sweep = ["-m", "training.lr=0.5,0.25,0.125", "seed=1,2", "model.width=[5]", "mode=SLOW"]
    joblib = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", f"hydra.sweep.dir={tmp_path}/m"]
    done = python("entry.py", *sweep, *joblib, cwd=app)

    jobs = printed(done.stdout)
    assert len({found.pop("pid") for found in jobs}) == 2  # each worker ran several
    assert sorted(jobs, key=json.dumps) == [
        {"lr": rate, "mode": "slow", "seed": seed, "thread": [rate, "a", [5]], "width": [5]}
        for rate in (0.125, 0.25, 0.5)
        for seed in (1, 2)
    ]


@pytest.mark.launchers
def test_values_of_a_scripts_own_classes_are_the_same_in_every_process(
    app: Path, tmp_path: Path, python: Any
):
    command = ["records.py", "-m", "outer.size=7", "training.outer.many=[{rate:1,kinds:[LARGE]}]"]
    command += ["training.pair=[3,4]", "training.other={size:5}"]
    command += ["training.outer.inner.kinds=[SMALL]"]

    basic, joblib = (
        python(
            *command, f"hydra/launcher={name}", f"hydra.sweep.dir={tmp_path}/{name}", cwd=app
        ).stdout.splitlines()[-1]
        for name in ("basic", "joblib")
    )

    inner = "Inner(kinds=(<Kind.LARGE: 2>,), rate=1.0)"
    plain = "Inner(kinds=(), rate=0.5)"
    assert basic == (
        f"(Outer(size=7, inner={plain}, many=()),"
        f" Outer(size=1, inner=Inner(kinds=(<Kind.SMALL: 1>,), rate=0.5), many=({inner},)),"
        f" Pair(x=3, y=4.0), Outer(size=5, inner={plain}, many=()), <built-in function print>)"
    )
    assert joblib == basic


# A bind in one task or thread is no other's


def test_a_task_without_a_bind_neither_sees_nor_changes_another_tasks():
    async def both() -> list[float]:
        bound, read = asyncio.Event(), asyncio.Event()

        async def binds() -> float:
            with proto.bind(Training, lr=1.0):
                bound.set()
                await read.wait()
                return Training.lr

        async def binds_nothing() -> float:
            await bound.wait()
            before = Training.lr
            Training.lr = 5.0
            read.set()
            return before

        return await asyncio.gather(binds(), binds_nothing())

    assert asyncio.run(both()) == [1.0, 0.001]
    assert Training.lr == 5.0
