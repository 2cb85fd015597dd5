"""Factories of structured configs, which Hydra calls for each job whose files fill such a one."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from params_proto.compose.doubts import DoubtError
from params_proto.compose.factories import refuse_factories
from tests.compose.roads import write

_numbers = count()


@dataclass
class Run:
    tag: str = "x"
    number: int = field(default_factory=lambda: next(_numbers))


@dataclass
class Holder:
    run: Run = field(default_factory=Run)


@dataclass
class Fixed:
    tags: list[str] = field(default_factory=list)
    inner: dict[str, int] = field(default_factory=dict)


@dataclass
class After:
    tag: str = "x"

    def __post_init__(self) -> None:
        self.tag = str(next(_numbers))


@dataclass
class Before:
    after: After = field(default_factory=After)


@dataclass
class Later:
    after: dict[str, Before] = field(default_factory=dict)


@dataclass
class Many:
    runs: dict[str, Run] = field(default_factory=dict)


@dataclass
class Maybe:
    run: Run | None = None


@dataclass
class Nested:
    lists: list[dict[str, Holder]] = field(default_factory=list)


@dataclass
class Again:
    fixed: dict[str, Fixed] = field(default_factory=dict)
    again: Again | None = None


@pytest.mark.parametrize(
    ("config", "name"),
    [(Many, "Run.number"), (Maybe, "Run.number"), (Nested, "Run.number"), (Later, "Before.after")],
)
def test_what_a_merge_makes_anew_is_in_no_base(config: Any, name: str) -> None:
    with pytest.raises(DoubtError, match=f"the default_factory of {name} is called"):
        refuse_factories(OmegaConf.structured(config))


@pytest.mark.parametrize("config", [Fixed, Holder, Again])
def test_what_is_made_once_or_the_same_each_time_is(config: Any) -> None:
    refuse_factories(OmegaConf.structured(config))


@pytest.mark.parametrize("sweeper", ["basic", "params_proto"])
def test_each_job_has_its_own(multirun: Any, app: Path, sweeper: str) -> None:
    ConfigStore.instance().store(group="extra", name="many", node=Many)
    write(app / "conf", {"fill/x": "# @package extra\nruns: {x: {tag: q}}\n"})
    run = multirun(
        "+extra=many",
        "+fill=x",
        "db=mysql,pg,mysql",
        "lr=1,2",
        sweeper=sweeper,
        task=lambda config: config.extra.runs.x.number,
    )
    assert len({*run.values}) == 6
