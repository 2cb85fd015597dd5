"""A launch leaves the state of its process unchanged."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import hydra
import joblib  # noqa: F401  # which notes something in the environment
import pandas as pd  # noqa: F401  # which ignores some warnings from then on
import pytest
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobRuntime
from hydra.errors import HydraException
from hydra.version import VersionBase
from omegaconf import OmegaConf

from params_proto import Sweep, SweepError
from params_proto.app import current
from params_proto.app.registry import classes, functions
from tests.versions import VERSION_BASE

pytestmark = pytest.mark.usefixtures("plugins", "alone")


def stored(node: Any) -> Any:
    return (
        {key: stored(value) for key, value in node.items()} if isinstance(node, dict) else id(node)
    )


def loggers() -> dict[str, tuple[object, ...]]:
    names = [name for name in logging.Logger.manager.loggerDict if not name.startswith("params")]
    every = {name: logging.getLogger(name) for name in ["root", *names]}
    return {
        name: (one.level, list(one.handlers), list(one.filters), one.propagate, one.disabled)
        for name, one in every.items()
    }


def state() -> dict[str, Any]:
    """What other users of Hydra, of logging and of the process would notice."""
    return {
        "hydra": GlobalHydra.instance().hydra,
        "config": HydraConfig.instance().cfg,
        "runtime": OmegaConf.to_container(JobRuntime.instance().conf),
        "version base": VersionBase.instance().version_base,
        "store": stored(ConfigStore.instance().repo),
        "loggers": loggers(),
        "arguments": list(sys.argv),
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "warnings": list(warnings.filters),
        "hook": sys.excepthook,
        "functions": dict(functions),
        "classes": dict(classes),
        "job": (current.is_in_job(), current.innermost()),
    }


def trains(lr: float = 0.1) -> float:
    return lr


def fails(lr: float = 0.1) -> float:
    raise FloatingPointError("the loss is nan")


def interrupts(lr: float = 0.1) -> float:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
    return lr


def leaves(lr: float = 0.1) -> float:
    os.chdir("/")
    os.environ["FROM_A_JOB"] = "1"
    return lr


ENDS: dict[str, tuple[Callable[..., Any], dict[str, Any], type[BaseException] | None]] = {
    "well": (trains, {}, None),
    "with joblib": (trains, {"launcher": "joblib", "n_jobs": 2}, None),
    "in another directory": (leaves, {}, None),
    "loudly": (trains, {"overrides": ["hydra.verbose=true"]}, None),
    "with a variable": (trains, {"overrides": ["+hydra.job.env_set.FROM_A_JOB=1"]}, None),
    "at a failure": (fails, {"max_failures": 0}, SweepError),
    "at a value": (trains, {"overrides": ["lr=1,much"]}, SweepError),
    "at a launcher": (trains, {"launcher": "jobs"}, HydraException),
    "at Ctrl-C": (interrupts, {}, KeyboardInterrupt),
}


BESIDE_ANOTHER_APP = ("well", "at a value", "at Ctrl-C")


@pytest.mark.parametrize(
    ("end", "within"),
    [*[(end, False) for end in ENDS], *[(end, True) for end in BESIDE_ANOTHER_APP]],
)
def test_it_is_as_before(end: str, within: bool) -> None:
    task, options, error = ENDS[end]
    user = logging.getLogger("user")
    user.addFilter(user_filter := logging.Filter("user"))
    Path("conf").mkdir()
    with contextlib.ExitStack() as app:
        if within:
            there = str(Path("conf").absolute())
            app.enter_context(hydra.initialize_config_dir(there, **VERSION_BASE))
        before = state()

        with pytest.raises(error) if error is not None else contextlib.nullcontext():
            Sweep(task).product(lr=[1, 2]).launch(**options)

        after = state()
        after["loggers"] = {name: after["loggers"][name] for name in before["loggers"]}
        assert {name for name in before if before[name] != after[name]} == set()
        if within:
            assert hydra.compose(overrides=["+x=1"]).x == 1
    user.removeFilter(user_filter)


def test_the_logs_of_the_process_go_on(tmp_path: Path) -> None:
    root = logging.getLogger()
    handler = logging.FileHandler(tmp_path / "mine.log")
    root.addHandler(handler)
    root.warning("before")

    Sweep(trains).product(lr=[1, 2]).launch()

    root.warning("after")
    root.removeHandler(handler)
    handler.close()
    assert (tmp_path / "mine.log").read_text().split() == ["before", "after"]


def test_handlers_that_a_job_adds_to_a_new_logger_stay() -> None:
    handler = logging.NullHandler()

    def loads_a_library(lr: float = 0.1):
        logging.getLogger("a_library").addHandler(handler)

    Sweep(loads_a_library).launch()

    assert logging.getLogger("a_library").handlers == [handler]


def counts() -> dict[str, int]:
    gc.collect()
    kinds = Counter(type(one).__name__ for one in gc.get_objects())
    named = ("DictConfig", "Hydra", "GlobalHydra", "ConfigLoaderImpl", "CachedLoader", "JobReturn")
    return {
        "handlers": len(logging.getLogger().handlers),
        "all handlers": len(vars(logging)["_handlerList"]),
        "files": len(os.listdir("/dev/fd")),
        "threads": threading.active_count(),
        **{name: kinds[name] for name in named},
    }


@pytest.mark.growth
@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_fifteen_launches_leave_no_more_than_two(launcher: str) -> None:
    options: dict[str, Any] = {"n_jobs": 2} if launcher == "joblib" else {}
    found: list[dict[str, int]] = []
    for _ in range(15):
        Sweep(trains).product(lr=[1, 2]).launch(launcher=launcher, **options)
        found.append(counts())

    # The configs of two sweeps are kept, so that a third one may be composed faster.
    assert found[-1] == found[2]


def launches(lr: float = 0.1) -> None:
    Sweep(trains).launch()


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_a_job_cannot_launch(launcher: str) -> None:
    df = Sweep(launches).launch(launcher=launcher)

    assert df["status"][0] == "failed"
    assert df["error"][0].startswith("SweepError: launch was called inside a running job,")


def test_a_process_that_imports_the_script_does_not_launch(tmp_path: Path, python: Any) -> None:
    (tmp_path / "script.py").write_text("""
import multiprocessing
from params_proto import Sweep

def square(number):
    return number**2

def train(lr: float = 0.1):
    child = multiprocessing.get_context("spawn").Process(target=square, args=[3])
    child.start()
    child.join()
    return child.exitcode

print(Sweep(train).launch(sweep_dir="out")["value"].tolist())
""")
    done = python("script.py")

    assert done.stdout.splitlines()[-1] == "[1]"
    assert 'Put it under `if __name__ == "__main__":`' in done.stderr


def test_threads_launch_one_after_the_other() -> None:
    outcomes: list[str] = []

    def launches_beside(lr: float = 0.1) -> None:
        def launch() -> None:
            try:
                Sweep(trains).launch()
            except SweepError as error:
                outcomes.append(str(error))

        thread = threading.Thread(target=launch)
        thread.start()
        thread.join()

    Sweep(launches_beside).launch()

    assert len(outcomes) == 1
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(Sweep(trains).launch).result()["status"][0] == "completed"


def test_sigterm_ends_the_process(tmp_path: Path, python: Any) -> None:
    (tmp_path / "script.py").write_text("""
import os, signal, time
from params_proto import Sweep

def train(lr: float = 0.1):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)

Sweep(train).product(lr=[1, 2]).launch(sweep_dir="out")
print("not reached")
""")
    done = python("script.py", status=128 + signal.SIGTERM)

    assert "Resume with: the same launch, with sweep_dir='out', resume=True" in done.stdout
    assert "not reached" not in done.stdout
