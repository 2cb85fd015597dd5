"""A loader in another process has no prefixes, and finds the copied files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from hydra.core.singleton import Singleton
from omegaconf import DictConfig

from params_proto.compose import copy_files
from params_proto.compose.clone import difference
from params_proto.compose.loader import CachedLoader
from params_proto.compose.sources import Repository
from tests.compose.loaders import TREE, alive, cached, hydras, master, write

JOBS = [["seed=1"], ["db=pg", "seed=2"]]

# What a worker of joblib or Slurm does with what it is given.
WORKER = """\
import pickle, sys
from pathlib import Path
from hydra.core.singleton import Singleton
from hydra.core.utils import setup_globals
setup_globals()
state, loader, multirun, jobs = pickle.loads(Path(sys.argv[1]).read_bytes())
Singleton.set_state(state)
configs = [loader.load_sweep_config(multirun, job) for job in jobs]
Path(sys.argv[2]).write_bytes(pickle.dumps(configs))
"""


@pytest.fixture(autouse=True)
def _discovered(plugins: None) -> None:
    """As when a loader is made."""


def elsewhere(loader: CachedLoader) -> CachedLoader:
    """The loader as another process gets it, before composing anything."""
    return cloudpickle.loads(cloudpickle.dumps(loader))


def by_a_worker(
    loader: CachedLoader, multirun: DictConfig, jobs: list[list[str]], folder: Path, python: Any
) -> list[Any]:
    """The configs of jobs, composed by a process that gets the loader."""
    given, made = folder / "given", folder / "made"
    given.write_bytes(cloudpickle.dumps((Singleton.get_state(), loader, multirun, jobs)))
    python("-c", WORKER, given, made, cwd=Path.cwd())
    return cloudpickle.loads(made.read_bytes())


@pytest.mark.parametrize("kept", [False, True], ids=["from-the-files", "from-what-was-kept"])
def test_in_a_process_of_its_own(conf: Path, tmp_path: Path, python: Any, kept: bool) -> None:
    loader = cached(conf)
    multirun = master(loader)
    expected = [hydras(conf).load_sweep_config(multirun, job) for job in JOBS]
    if kept:
        for job in JOBS:
            loader.load_sweep_config(multirun, job)
        copy_files(loader, tmp_path / "kept")
        shutil.rmtree(conf)
    made = by_a_worker(loader, multirun, JOBS, tmp_path, python)
    for config, match in zip(made, expected, strict=True):
        assert difference(config, match) is None


def test_a_package_that_is_not_there_any_more(
    conf: Path, tmp_path: Path, python: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = write(tmp_path / "lib" / "goes", {"pg/one": "mark: 1\n"})
    for folder in (package, package / "pg"):
        (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "lib")
    write(conf, {"config": f"{TREE['config']}hydra: {{searchpath: [pkg://goes]}}\n"})
    loader, jobs = cached(conf), [["+pg=one"], ["+pg=one", "seed=2"]]
    multirun = master(loader)
    expected = [loader.load_sweep_config(multirun, job) for job in jobs]
    copy_files(loader, tmp_path / "kept")
    shutil.rmtree(package)
    made = by_a_worker(loader, multirun, jobs, tmp_path, python)
    for config, match in zip(made, expected, strict=True):
        assert config.pg.mark == 1
        assert difference(config, match) is None


def test_what_is_pickled_has_no_prefixes(conf: Path) -> None:
    loader = cached(conf)
    small = len(cloudpickle.dumps(loader))
    multirun = master(loader)
    for number in range(10):
        loader.load_sweep_config(multirun, [f"+db@x{number}=pg"])
    assert len(cloudpickle.dumps(loader)) <= small < 5000


def test_edited_or_deleted_files(conf: Path, tmp_path: Path) -> None:
    loader = cached(conf)
    multirun = master(loader)
    loader.load_sweep_config(multirun, ["seed=1"])
    copy_files(loader, tmp_path / "kept")
    shutil.rmtree(conf / "db")
    (conf / "config.yaml").write_text("broken: [\n")
    for one in (loader, elsewhere(loader)):
        assert one.load_sweep_config(multirun, ["db=pg"]).db == {"driver": "pg", "port": 5432}


def test_a_process_that_has_many_sweeps_forgets_the_first(conf: Path) -> None:
    multirun = master(hydras(conf))
    given = [cloudpickle.dumps(cached(conf)) for _ in range(4)]
    left: list[int] = []
    for number, pickled in enumerate(given):
        config = cloudpickle.loads(pickled).load_sweep_config(multirun, [f"seed={number}"])
        assert config.seed == number
        left.append(alive(Repository))
    assert left[3] == left[1]


def test_a_folder_that_cannot_be_seen(
    conf: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A machine with another file system uses its own files."""
    loader, folder = cached(conf), tmp_path / "kept"
    multirun = master(loader)
    loader.load_sweep_config(multirun, ["db=pg"])
    copy_files(loader, folder)
    shutil.rmtree(folder)
    write(conf, {"db/pg": "port: 1\n"})
    there = elsewhere(loader)
    for _ in range(2):
        assert there.load_sweep_config(multirun, ["db=pg"]).db.port == 1
    (record,) = caplog.records
    assert f"{folder} cannot be accessed from here" in record.getMessage()


def test_a_copy_that_is_gone(conf: Path, tmp_path: Path) -> None:
    loader, folder = cached(conf), tmp_path / "kept"
    multirun = master(loader)
    copy_files(loader, folder)
    (folder / "main" / "db" / "pg.yaml").unlink()
    assert elsewhere(loader).load_sweep_config(multirun, ["db=pg"]).db.port == 5432


def test_what_is_copied(conf: Path, tmp_path: Path) -> None:
    """As with config_path=".", where the config directory is the whole project."""
    others = {
        ".venv/lib/schema": "x: 1\n",
        "outputs/10-00-00/.hydra/config": "x: 1\n",
        "outputs/10-00-00/note": "x: 1\n",
        "outputs/sweep/multirun": "x: 1\n",
    }
    write(conf, {**others, "db/deep/one": "port: 1\n", "db/deep/down/two": "port: 2\n"})
    write(tmp_path / "kept" / "main", {"db/of_another_sweep": "x: 1\n"})
    (conf / "db" / "data.txt").write_text("text")
    loader = cached(conf)
    copy_files(loader, tmp_path / "kept")
    root = tmp_path / "kept" / "main"
    copied = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    usual = ["config.yaml", "db/deep/down/two.yaml", "db/deep/one.yaml", "db/mysql.yaml"]
    assert copied == [*usual, "db/pg.yaml"]
    for number in range(1000):  # as many as are read
        (conf / f"a{number:03}").mkdir()
    loader = cached(conf)
    copy_files(loader, tmp_path / "kept")
    assert [path.name for path in root.iterdir()] == ["config.yaml"]
    assert loader.load_sweep_config(master(loader), ["+db@two=deep/down/two"]).two.port == 2
