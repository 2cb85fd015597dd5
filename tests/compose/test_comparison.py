"""Runs in which the two ways of composing differ, and what is composed twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

import cloudpickle
import pytest
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import OmegaConf

from params_proto.compose import cached_loader
from params_proto.compose.clone import difference
from tests.compose.loaders import (
    TREE,
    Compositions,
    append,
    cached,
    hydras,
    master,
    write,
)

WARNING = "hydra.sweeper.compose=cached composes the config of"
_numbers = count()


@dataclass
class Part:
    """Created while files are merged, so each composition gets another one."""

    number: int = field(default_factory=_numbers.__next__)
    given: int = 0


@dataclass
class Base:
    part: Part | None = None


def differ(app: Path) -> None:
    """Makes the app's configs differ from composition to composition."""
    open_base = OmegaConf.structured(Base, flags={"struct": False})
    ConfigStore.instance().store("base", open_base)
    config = app / "conf" / "config.yaml"
    text = config.read_text().replace("[_self_", "[base, _self_")
    config.write_text(f"{text}part: {{given: 1}}\n")


def test_a_difference_turns_the_run_to_hydra(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    differ(app)
    counted = Compositions()
    jobs = multirun("lr=1,2", "seed=1,2").values
    assert [(job["lr"], job["seed"]) for job in jobs] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert len({job["part"]["number"] for job in jobs}) == 4
    printed = capsys.readouterr().out
    assert f"{WARNING} lr=1 seed=1 differently from Hydra: part.number: " in printed
    assert printed.count("All configs are composed by Hydra from here on") == 1
    assert (counted.from_prefixes, counted.by_hydra) == (0, 1)  # others are not compared


def test_the_turn_reaches_other_processes(app: Path, hydra_restore_singletons: None) -> None:
    differ(app)
    loader = cached(app / "conf")
    multirun = master(loader)
    loader.load_sweep_config(multirun, ["seed=1"])
    there, counted = cloudpickle.loads(cloudpickle.dumps(loader)), Compositions()
    found = [there.load_sweep_config(multirun, [f"seed={seed}"]) for seed in (1, 2)]
    assert found[0].part.number != found[1].part.number
    assert counted.from_prefixes == 0


def test_what_fails_where_hydra_composes_turns_the_run_to_hydra(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(app / "conf", "hydra: {job: {env_copy: [NOT_SET]}}\n")
    job = "hydra.job.env_copy=[]"
    values = multirun("seed=1,2,3", job).values
    assert [config["seed"] for config in values] == [1, 2, 3]
    assert "fails to compose the config of" in capsys.readouterr().out


def test_an_error_of_the_user_turns_nothing_to_hydra(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loader = cached(write(tmp_path, TREE))
    multirun = master(loader)
    counted = Compositions()
    with pytest.raises(HydraException, match="nokey"):
        loader.load_sweep_config(multirun, ["nokey=1"])
    loader.load_sweep_config(multirun, ["seed=1"])
    assert counted.from_prefixes == 1
    assert not caplog.records


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["db=mysql,pg", "seed=range(5)"], 2 * 10),  # to be checked, and to run
        (["seed=1,2", "+model=small"], 2 * 2),
        (["seed=1"], 0),  # one job is Hydra's
        ([], 0),
        (["+model=small", "seed=1"], 0),
    ],
    ids=str,
)
def test_prefixes_serve_every_sweep_of_several_jobs(
    multirun: Any, capsys: pytest.CaptureFixture[str], overrides: list[str], expected: int
) -> None:
    counted = Compositions()
    assert multirun(*overrides).values
    assert (counted.from_prefixes >= expected, counted.by_hydra) == (True, 0)
    assert bool(counted.from_prefixes) is bool(expected)
    assert WARNING not in capsys.readouterr().out


def test_the_config_of_one_job_is_composed_once(app: Path, hydra_restore_singletons: None) -> None:
    """To check it; what is launched is equal to that."""
    differ(app)
    loader = cached_loader(hydras(app / "conf"))
    multirun = master(cast("Any", loader))
    checked = loader.load_sweep_config(multirun, ["seed=1"])
    number, checked.seed = checked.part.number, 5

    launched = loader.load_sweep_config(multirun, ["seed=1"])

    assert (launched.part.number, launched.seed) == (number, 1)
    by_hydra = hydras(app / "conf").load_sweep_config(multirun, ["seed=1"])
    assert by_hydra.part.number > number
    by_hydra.part.number = number
    assert difference(launched, by_hydra) is None
    again = loader.load_sweep_config(multirun, ["seed=1"])  # a retry
    other = loader.load_sweep_config(multirun, ["seed=2"])
    assert number < again.part.number < other.part.number
    assert other.seed == 2
