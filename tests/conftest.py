"""Fixtures shared by the tests, such as one that runs a command in its own process."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hydra import version
from hydra.core.plugins import Plugins
from hypothesis import HealthCheck, settings

from params_proto.app import current
from params_proto.app.registry import classes
from tests.versions import HYDRA_1_3

# How long an example takes says how busy the machine is. The matrix asks for the thorough profile.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", UNTIMED, max_examples=25)
settings.register_profile("thorough", UNTIMED, max_examples=200)
settings.load_profile("quick")

# To look for garbage among all that pandas, Hydra and hypothesis hold takes a fifth of the time.
gc.set_threshold(20_000, 20, 50)

# scripts and benchmarks: looking for doctests in them would run them
collect_ignore_glob = ["apps/*", "*/apps/*", "benchmarks/*", "pictures/*"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Behind a shell's & it is ignored, and would be by the apps that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]
Python = Callable[..., subprocess.CompletedProcess[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--configs", type=int, default=60, help="how many configs to compose both ways"
    )
    parser.addoption("--seed", type=int, help="of the inputs that differ from run to run")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.seed is None:
        drawn = int.from_bytes(os.urandom(4), "big")
        config.option.seed = getattr(config, "workerinput", {}).get("seed", drawn)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Gives each xdist worker the same seed."""
    node.workerinput["seed"] = node.config.option.seed


def pytest_report_header(config: pytest.Config) -> str:
    return f"inputs that differ from run to run: --seed {config.option.seed} repeats them"


@pytest.fixture(params=["fixed", "random"])
def seed(request: pytest.FixtureRequest) -> int:
    """The two seeds of what a test generates: a fixed one, and that of this run."""
    return 0 if request.param == "fixed" else request.config.option.seed


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints how many configs were composed both ways: see tests/compose."""
    config = terminalreporter.config
    if config.get_verbosity() < 0:
        terminalreporter.write_line(pytest_report_header(config))
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    counts = [count for one in reports for name, count in one.user_properties if name == "configs"]
    if counts:
        every, valid, from_base = map(sum, zip(*counts, strict=True))
        terminalreporter.write_line(
            f"{every} configs of {len(counts)} trees composed both ways: {valid} of them valid,"
            f" {from_base} of these from a prefix"
        )


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Within the block, larger files cannot be written, as on a full disk."""
    resource = pytest.importorskip("resource", reason="the limit of a file's size is POSIX's")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """Run `python args...` in tmp_path; a failure shows what the process wrote."""

    def run(
        *args: object, cwd: Path = tmp_path, status: int = 0, executable: object = sys.executable
    ):
        done = subprocess.run(
            [str(executable), *map(str, args)],
            cwd=cwd,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=240,
        )
        assert done.returncode == status, f"{done.args}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def plugins() -> None:
    Plugins.instance()  # discovered, so that what a test restores has them


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A directory, and a process in which only the test's own prefix classes are nodes."""
    monkeypatch.chdir(tmp_path)
    others = dict(classes)
    classes.clear()
    yield
    classes.clear()
    classes.update(others)
    current.process.__init__()


@pytest.fixture
def no_version_base(plugins: None, hydra_restore_singletons: None) -> Iterator[None]:
    """Hydra's own suites run as its oldest apps do, in the job's directory."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if HYDRA_1_3:
            version.setbase("1.1")
        yield


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the example of the README: train.py and conf/."""
    # its matrices are small, and the tests have a process on each core
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    shutil.copy(ROOT / "train.py", tmp_path)
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    return tmp_path


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until the test is over, or until the test ends it."""
    started = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield started
    started.kill()
    started.communicate()
