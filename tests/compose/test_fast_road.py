"""What is composed from a prefix, and not by Hydra's own code: overrides of the hydra node, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.types import RunMode
from omegaconf import open_dict

from params_proto.compose.template import difference
from tests.compose.roads import TREE, Compositions, cached, hydras, master, write

LARGE = {
    **TREE,
    "extra/one": "x: 1\n",
    "experiment/fast": "# @package _global_\ndefaults: [override /db: pg]\nlr: 0.5\n",
    "experiment/loud": "# @package _global_\nhydra: {sweep: {subdir: 'loud-${hydra.job.num}'}}\n",
    "reading": "defaults: [config, _self_]\nported: ${db}\n",
}


def same(folder: Path, of_all: list[str], job: list[str], **which: str) -> None:
    """Asserts that both ways lead to one config, read twice from a cached loader."""
    own, ours = hydras(folder), cached(folder)
    multirun = master(own, *of_all, **which)
    expected = own.load_sweep_config(multirun, job)
    for _ in range(2):
        assert difference(ours.load_sweep_config(multirun, job), expected) is None


@pytest.mark.parametrize(
    ("of_all", "job"),
    [
        ([], ["seed=1"]),
        ([], []),
        ([], ["db=pg", "db.port=1", "+new.deep=[1,{a: b}]", "++lr=2", "~seed", "layers=[]"]),
        ([], ["+extra=one", "+extra@other=one", "~db"]),
        ([], ["hydra.sweep.subdir=mine"]),
        ([], ["hydra.sweep.subdir='${hydra.job.num}-${db.driver}'", "seed=1"]),
        ([], ["seed=1", "hydra.job.name=mine", "+hydra.job.env_set.X=1", "hydra.job.chdir=true"]),
        ([], ["hydra.output_subdir=null", "hydra.verbose=[a,b]"]),
        ([], ["hydra.job.config_name=x"]),
        ([], ["hydra/job_logging=disabled", "db=pg"]),
        ([], ["hydra.job.config.override_dirname.exclude_keys=[lr]", "lr=1", "seed=1"]),
        ([], ["+experiment=loud"]),
        ([], ["+experiment=fast", "lr=3"]),
        (["hydra.sweep.dir=there", "hydra.sweep.subdir=mine"], ["seed=1"]),
        (["hydra.sweep.subdir=theirs"], ["hydra.sweep.subdir=mine"]),
        (["hydra/job_logging=disabled", "hydra.job.name=x", "~hydra.job_logging.root"], ["db=pg"]),
        (["+hydra.callbacks.x={a: 1}", "hydra.job.env_copy=[HOME]"], ["seed=1"]),
    ],
    ids=str,
)  # fmt: skip
def test_from_a_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_all: list[str], job: list[str]
) -> None:
    folder = write(tmp_path, LARGE)
    same(folder, of_all, job)
    loader = cached(folder)
    multirun = master(loader, *of_all)
    count = Compositions(monkeypatch)
    for _ in range(2):
        loader.load_sweep_config(multirun, job)
    assert (count.from_prefixes, count.by_hydra) == (2, 1)  # the first, to compare


@pytest.mark.parametrize("line", ["hydra.runtime.cwd=/x", "hydra.overrides.task=[x]"])
def test_what_hydra_fills_in_last_is_its_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
) -> None:
    folder = write(tmp_path, LARGE)
    loader = cached(folder)
    multirun = master(loader)
    same(folder, [], [line])
    count = Compositions(monkeypatch)
    loader.load_sweep_config(multirun, [line])
    assert (count.from_prefixes, count.by_hydra) == (0, 1)


@pytest.mark.parametrize("line", ["++ported.port=1", "+ported={port: 1}", "~ported"])
def test_an_override_of_what_an_interpolation_gives(tmp_path: Path, line: str) -> None:
    same(write(tmp_path, LARGE), [], [line], config_name="reading")


def test_no_config_is_handed_out_twice(tmp_path: Path) -> None:
    loader = cached(write(tmp_path, LARGE))
    multirun = master(loader)
    first = loader.load_sweep_config(multirun, ["seed=1"])
    first.layers.append(3)
    first.db.port = 0
    with open_dict(first):
        del first.lr
    first.hydra.job.num = 7
    again = loader.load_sweep_config(multirun, ["seed=1"])
    expected = hydras(tmp_path).load_sweep_config(multirun, ["seed=1"])
    assert difference(again, expected) is None


def test_a_multirun_that_names_its_jobs(multirun: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    count = Compositions(monkeypatch)
    run = multirun("seed=1,2,3", "hydra.sweep.subdir='${hydra.job.num}-s${seed}'", "+model=small")
    folders = sorted(path.name for path in run.directory.iterdir() if path.is_dir())
    assert folders == [".sweep", "0-s1", "1-s2", "2-s3"]
    assert count.by_hydra == 3  # to see what +model=small does, twice, and to compare


def test_a_normal_run_through_a_loader_that_sweeps(tmp_path: Path) -> None:
    """What else is asked of the loader, it answers as Hydra's own does."""
    folder = write(tmp_path, LARGE)
    own, ours = hydras(folder), cached(folder)
    assert ours.list_groups("") == own.list_groups("")
    assert ours.get_group_options("db") == own.get_group_options("db") == ["mysql", "pg"]
    assert [*map(repr, ours.get_sources())] == [*map(repr, own.get_sources())]
    for overrides in (["seed=1"], ["db=pg", "+extra=one"], []):
        given = [own, ours, ours]
        made = [one.load_configuration("config", overrides, RunMode.RUN) for one in given]
        assert difference(made[1], made[0]) is None
        assert difference(made[2], made[0]) is None
