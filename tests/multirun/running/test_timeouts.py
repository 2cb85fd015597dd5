"""`hydra.sweeper.timeout`, and the checks of other numeric options."""

from __future__ import annotations

import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from params_proto.errors import SweepError
from params_proto.multirun.signals import time_limit
from tests.multirun.conftest import records


def spins(config: Any) -> int:
    """Runs forever if the seed is 2."""
    while config.seed == 2:
        time.sleep(0.001)
    return int(config.seed)


def test_a_job_that_takes_too_long(multirun: Any, app: Path) -> None:
    with pytest.raises(TimeoutError, match=r"took longer than hydra.sweeper.timeout=1.5 seconds"):
        multirun("seed=1,2,3", "hydra.sweeper.timeout=1.5", task=spins)
    found = records(app / "out")
    assert [one["status"] for one in found.values()] == ["completed", "failed", "completed"]
    assert found[1]["error"]["type"] == "TimeoutError"
    assert "signals.py" not in found[1]["error"]["traceback"]  # the user's own frames alone


def swallows(config: Any) -> int:
    try:
        time.sleep(10)
    except Exception:
        if config.seed == 2:
            sys.exit(0)
    return int(config.seed)


def test_a_job_that_swallows_the_error_fails_all_the_same(multirun: Any, app: Path) -> None:
    with pytest.raises(TimeoutError, match=r"took longer than hydra.sweeper.timeout=1 seconds"):
        multirun("seed=1,2", "hydra.sweeper.timeout=1", task=swallows)
    for number in range(2):
        record = records(app / "out")[number]
        assert (record["status"], record["error"]["type"]) == ("failed", "TimeoutError")
        assert "in swallows" in record["error"]["traceback"]


def takes_it_for_another(config: Any) -> None:
    """Like a loop that retries after a timeout."""
    with suppress(TimeoutError):
        time.sleep(8)
    time.sleep(8)
    Path("to the end").touch()


def test_a_job_that_takes_the_error_for_another_gets_it_again(multirun: Any, app: Path) -> None:
    with pytest.raises(TimeoutError, match=r"took longer than hydra.sweeper.timeout=0.2 seconds"):
        multirun("seed=1", "hydra.sweeper.timeout=0.2", task=takes_it_for_another)
    assert not (app / "to the end").exists()


def test_the_signal_is_let_go() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(100_000_000):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 99_000_000
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) is before


def test_not_in_a_thread() -> None:
    def run() -> None:
        with time_limit(1):
            pass

    with ThreadPoolExecutor(1) as pool, pytest.raises(SweepError) as error:
        pool.submit(run).result()
    assert str(error.value) == (
        "hydra.sweeper.timeout: this launcher runs its jobs in threads, which cannot be stopped."
        " Leave it out, or choose a launcher that runs them in processes."
    )


OF = "hydra.sweeper"
LIMIT = f"{OF}.timeout=3"
JOBLIB = "hydra/launcher=joblib"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([f"{OF}.timeout=inf"], f"{OF}.timeout=inf is not a positive number of seconds"),
        ([f"{OF}.max_failures=-1"], f"{OF}.max_failures=-1 is not a number of jobs: 0 or more"),
        ([f"{OF}.direction=up"], f"{OF}.direction=up: it is minimize or maximize."),
        (["+hydra.sweep.mode=rwx"], r"hydra\.sweep\.mode=rwx is not a mode"),
        # launchers with a limit of their own, and of threads
        (["hydra/launcher=submitit_local", LIMIT], r"hydra\.launcher\.timeout_min=60 minutes"),
        ([JOBLIB, "hydra.launcher.prefer=threads", LIMIT], "runs its jobs in threads"),
        ([JOBLIB, "hydra.launcher.backend=threading", LIMIT], "runs its jobs in threads"),
    ],
    ids=str,
)
def test_what_is_refused(multirun: Any, app: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(CompactHydraException, match=message):
        multirun("seed=1", *overrides)
    assert not list((app / "out").iterdir())


@pytest.mark.parametrize(
    ("mode", "expected"), [("750", 0o750), ("0o701", 0o701), ("${oc.env:MODE}", 0o750)]
)
def test_the_mode_of_the_records(
    multirun: Any, mode: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODE", "750")
    run = multirun("seed=1", f"+hydra.sweep.mode='{mode}'")
    own = run.directory / ".sweep"
    assert own.stat().st_mode & 0o777 == expected
    made = [path for path in own.rglob("*") if "configs" not in path.relative_to(own).parts]
    assert {own / "jobs/0/0/0.json", own / "running"} <= {*made}
    for path in made:
        assert path.stat().st_mode & 0o777 == expected & (0o777 if path.is_dir() else 0o666)
