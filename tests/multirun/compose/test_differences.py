"""Configs that once were, or might have been, composed in another way than Hydra's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.multirun.compose.both_ways import Roads

Over = Callable[[Mapping[str, str]], Roads]


def test_the_name_of_the_config_is_filled_in_last(over: Over) -> None:
    roads = over(
        {"config": "hydra: {job: {config: {override_dirname: {kv_sep: '${seed}'}}}}\nseed: 1"}
    )
    line = "hydra.job.config.override_dirname.kv_sep='${hydra.job.config_name}'"
    roads.compare_sweep([], [[], [line], ["seed=2", line], ["hydra.job.config_name=other"]])
    assert roads.count.from_base == roads.count.valid


FILLED = """
hydra: {job: {name: named}}
part: {choices: "${hydra.runtime.choices}", of: {version: "${hydra.runtime.version}"}}
"""


@pytest.mark.parametrize(
    "line",
    [
        "part={choices: {db: x}}",
        "+part={choices: {db: x}}",
        "+part={choices: {db: {a: 1}}}",
        "~part.of={version: '1.3.8'}",
        "part={choices: 1}",
        "part={choices: [1]}",
        "part={of: {version: 1}}",
        "part.choices=null",
        "++part.choices.db=x",
    ],
)
def test_what_is_filled_in_last_is_not_met_by_a_mapping(over: Over, line: str) -> None:
    roads = over({"config": FILLED})
    roads.compare_sweep([], [[], ["part.of.version=1"], [line]])
    assert roads.count.from_base


@pytest.mark.parametrize("line", ["part={meets: {db: x}}", "+part={meets: {db: {a: 1}}}"])
@pytest.mark.parametrize(
    "meets", ["${hydra.runtime.choices}", "${oc.select:hydra.runtime.choices}"]
)
def test_nor_where_an_override_brought_it(over: Over, meets: str, line: str) -> None:
    roads = over({"config": "part: {meets: 0}"})
    roads.compare_sweep([], [[], ["part.meets=1"], [f"part.meets='{meets}'", line]])
    assert roads.count.from_base
