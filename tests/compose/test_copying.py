"""Copies of a job's config that Hydra's launchers and run_job make."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.utils import setup_globals
from omegaconf import DictConfig, OmegaConf, open_dict

from params_proto.compose.clone import cloned_by_deepcopy, difference
from tests.strategies import Color


@dataclass
class Part:
    text: str = "a"
    whole: int | str = 3
    color: Color = Color.RED
    path: Path = Path("x")
    raw: bytes = b"x"
    flag: bool = True
    rate: float | None = None
    rows: list[list[int]] = field(default_factory=lambda: [[1], []])
    none: dict[str, int] | None = None
    leads: dict[str, int] = field(default_factory=lambda: {"a": 1})


def _config() -> DictConfig:
    setup_globals()  # Hydra's resolvers
    config: Any = OmegaConf.create({"part": Part, "hydra": {"job": {"num": 3}, "gone": "???"}})
    config.open = {"to": "${part.leads}", 1: None, "any": [1, "b", {"c": "${now:%Y}"}]}
    OmegaConf.set_struct(config, True)
    OmegaConf.set_readonly(config.hydra, True)
    assert config.open.any[2].c.isdigit()  # a result that the resolver cache holds
    return cloned_by_deepcopy(config)


def test_a_copy_is_what_deepcopy_makes() -> None:
    config = _config()
    config.part._get_flag("struct")  # which is remembered on the way
    for fast, slow in (
        (copy.deepcopy(config), DictConfig.__deepcopy__(config, {})),
        (copy.deepcopy(config.hydra), DictConfig.__deepcopy__(config.hydra, {})),
    ):
        assert difference(fast, slow) is None
        assert fast._get_parent() is slow._get_parent()
        assert vars(fast).keys() == vars(slow).keys()
    fast, slow = copy.deepcopy(config), DictConfig.__deepcopy__(config, {})
    assert vars(fast.part)["_flags_cache"] == vars(slow.part)["_flags_cache"] != {}


def test_it_shares_nothing_with_its_original() -> None:
    config = _config()
    before = DictConfig.__deepcopy__(config, {})
    one = copy.deepcopy(config)
    with open_dict(one):
        one.part.rows[0].append(2)
        one.part.leads.b = 2
        one.open.any[2].d = 1
        one.new = 1
    OmegaConf.set_readonly(one.part, True)
    OmegaConf.clear_cache(one)
    assert difference(config, before) is None


def test_an_object_that_a_config_has_twice_is_twice_in_the_copy() -> None:
    config = _config()
    both = copy.deepcopy([config, config.part, config.hydra])
    assert both[0].part is both[1]
    assert both[0].hydra is both[2]


def test_a_config_goes_to_another_process() -> None:
    config = _config()
    pickled = pickle.dumps(config)
    assert b"params_proto" not in pickled  # it may be read when this module is no more
    there = pickle.loads(pickled)
    assert difference(there, config) is None
    assert difference(copy.deepcopy(there), config) is None
