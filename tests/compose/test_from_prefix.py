"""What is composed from a prefix, not by Hydra, including overrides of the hydra node."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import open_dict

from params_proto.compose.clone import difference
from tests.compose.loaders import TREE, Compositions, cached, hydras, master, write

LARGE = {
    **TREE,
    "extra/one": "x: 1\n",
    "experiment/fast": "# @package _global_\ndefaults: [override /db: pg]\nlr: 0.5\n",
    "experiment/loud": "# @package _global_\nhydra: {sweep: {subdir: 'loud-${hydra.job.num}'}}\n",
    "reading": "defaults: [config, _self_]\nported: ${db}\n",
}


@pytest.mark.parametrize(
    ("of_all", "job", "from_prefixes"),
    [
        ([], [], 2),
        ([], ["db=pg", "db.port=1", "+new.deep=[1,{a: b}]", "++lr=2", "~seed", "layers=[]"], 2),
        ([], ["+extra=one", "+extra@other=one", "~db"], 2),
        ([], ["hydra.sweep.subdir='${hydra.job.num}-${db.driver}'", "hydra.job.chdir=true"], 2),
        ([], ["seed=1", "hydra.job.name=mine", "+hydra.job.env_set.X=1"], 2),
        ([], ["hydra/job_logging=disabled", "db=pg", "hydra.job.config_name=x"], 2),
        ([], ["hydra.job.config.override_dirname.exclude_keys=[lr]", "lr=1", "seed=1"], 2),
        ([], ["+experiment=[loud,fast]", "lr=3"], 2),
        (["hydra.sweep.subdir=theirs"], ["hydra.sweep.subdir=mine"], 2),
        (["hydra/job_logging=disabled", "~hydra.job_logging.root"], ["db=pg"], 2),
        (["+hydra.callbacks.x={a: 1}", "hydra.job.env_copy=[HOME]"], ["seed=1"], 2),
        ([], ["hydra.searchpath=[]"], 2),
        ([], ["hydra.runtime.cwd=/x"], 0),  # which Hydra fills in last
        ([], ["hydra.overrides.task=[x]"], 0),
    ],
    ids=str,
)
def test_what_comes_from_a_prefix(
    tmp_path: Path, of_all: list[str], job: list[str], from_prefixes: int
) -> None:
    folder = write(tmp_path, LARGE)
    own, ours = hydras(folder), cached(folder)
    multirun = master(own, *of_all)
    expected = own.load_sweep_config(multirun, job)
    counted = Compositions()
    for _ in range(2):
        assert difference(ours.load_sweep_config(multirun, job), expected) is None
    assert counted.from_prefixes == from_prefixes


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


def test_what_else_is_asked_of_a_loader(tmp_path: Path) -> None:
    """Behaves like Hydra's own."""
    folder = write(tmp_path, LARGE)
    own, ours = hydras(folder), cached(folder)
    assert ours.list_groups("") == own.list_groups("")
    assert ours.get_group_options("db") == own.get_group_options("db") == ["mysql", "pg"]
    assert [*map(repr, ours.get_sources())] == [*map(repr, own.get_sources())]
