"""Which jobs are composed both ways, and what becomes of a run where the ways differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from params_proto.compose import loader as loaders
from params_proto.compose.prefix import ConfigPrefix
from tests.compose.roads import TREE, Compositions, cached, master, write

WARNING = "hydra.sweeper.compose=cached composes the config of"


def break_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes configs with a wrong `seed`."""
    right = ConfigPrefix.job

    def wrong(*args: Any) -> DictConfig:
        config = right(*args)
        config.seed += 100
        return config

    monkeypatch.setattr(ConfigPrefix, "job", wrong)


def warnings(text: str) -> list[str]:
    return [line for line in text.splitlines() if WARNING in line]


def test_a_difference_turns_the_run_to_hydra(
    multirun: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    break_seed(monkeypatch)
    count = Compositions(monkeypatch)
    jobs = [(config["lr"], config["seed"]) for config in multirun("lr=1,2", "seed=1,2").values]
    assert jobs == [(1, 1), (1, 2), (2, 1), (2, 2)]
    (warning,) = warnings(capsys.readouterr().out)
    assert "config of lr=1 seed=1 in another way than Hydra: seed: 101 (int) and 1 (int)" in warning
    assert "All configs are composed by Hydra from here on" in warning
    assert (count.from_prefixes, count.by_hydra) == (0, 4 + 4)  # to be checked, and to run


def test_what_is_composed_to_look_at_the_sweep_is_no_job(
    multirun: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A choice of all jobs is looked at, with it and without: whether it only selects a sweep."""
    break_seed(monkeypatch)
    assert [config["seed"] for config in multirun("+model=small", "seed=1,2").values] == [1, 2]
    assert len(warnings(capsys.readouterr().out)) == 1


def test_what_fails_where_hydra_composes_turns_the_run_to_hydra(
    multirun: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with an OmegaConf whose nodes are made in another way."""

    def fails(*_: Any) -> DictConfig:
        raise AttributeError("_content")

    monkeypatch.setattr(ConfigPrefix, "job", fails)
    count = Compositions(monkeypatch)
    assert [config["seed"] for config in multirun("seed=1,2,3").values] == [1, 2, 3]
    (warning,) = warnings(capsys.readouterr().out)
    assert "config of seed=1 not at all (AttributeError: _content)" in warning
    assert (count.from_prefixes, count.by_hydra) == (0, 6)


def test_an_error_of_the_user_turns_nothing_to_hydra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loader = cached(write(tmp_path, TREE))
    multirun = master(loader)
    count = Compositions(monkeypatch)
    with pytest.raises(HydraException, match="nokey"):
        loader.load_sweep_config(multirun, ["nokey=1"])
    loader.load_sweep_config(multirun, ["seed=1"])
    assert count.from_prefixes == 1
    assert not caplog.records


def test_of_ways_that_agree_nothing_is_said(
    multirun: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    count = Compositions(monkeypatch)
    multirun("db=mysql,pg", "seed=range(5)")
    assert warnings(capsys.readouterr().out) == []
    assert count.by_hydra == 1


@pytest.mark.parametrize("overrides", [["seed=1"], [], ["+model=small", "seed=1"]], ids=str)
def test_the_one_job_of_a_sweep_is_hydras(
    multirun: Any, monkeypatch: pytest.MonkeyPatch, overrides: list[str]
) -> None:
    count = Compositions(monkeypatch)
    assert len(multirun(*overrides).values) == 1
    to_look_at_the_choice = 2 * ("+model=small" in overrides)
    assert (count.from_prefixes, count.by_hydra) == (0, 2 + to_look_at_the_choice)


def test_another_process_compares_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = cached(write(tmp_path, TREE))
    multirun = master(loader)
    loader.load_sweep_config(multirun, ["seed=1"])
    pickled = cloudpickle.dumps(loader)
    monkeypatch.setattr(loaders, "_known", {})  # as in a process that knows of nothing yet
    elsewhere = cloudpickle.loads(pickled)
    count = Compositions(monkeypatch)
    for job in ("seed=1", "db=pg"):
        elsewhere.load_sweep_config(multirun, [job])
    assert (count.from_prefixes, count.by_hydra) == (2, 0)


def test_the_hydra_node_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loader = cached(write(tmp_path, TREE))
    multirun = master(loader)
    right = ConfigPrefix.job

    def wrong(*args: Any) -> DictConfig:
        config = right(*args)
        OmegaConf.update(config, "hydra.job.env_set.X", "1", force_add=True)
        return config

    monkeypatch.setattr(ConfigPrefix, "job", wrong)
    for job in ("seed=1", "seed=2"):
        config = loader.load_sweep_config(multirun, [job])
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "Hydra: hydra.job.env_set: the keys ['X'] and the keys []." in record.getMessage()
    assert config.hydra.job.env_set == {}
