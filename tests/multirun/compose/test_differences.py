"""Configs that once were, or might have been, composed in another way than Hydra's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.multirun.compose.both_ways import Roads

Over = Callable[[Mapping[str, str]], Roads]


def test_the_name_of_the_config_is_filled_in_last(over: Over) -> None:
    roads = over({"config": "hydra: {job: {config: {override_dirname: {kv_sep: '${seed}'}}}}\nseed: 1"})
    line = "hydra.job.config.override_dirname.kv_sep='${hydra.job.config_name}'"
    roads.compare_sweep([], [[], [line], ["seed=2", line], ["hydra.job.config_name=other"]])
    assert roads.count.from_base == roads.count.valid
