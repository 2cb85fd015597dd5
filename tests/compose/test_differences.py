"""Configs that were once, or might be, composed differently from Hydra."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import hydra
import pytest

from tests.compose.both_ways import Comparison
from tests.versions import HYDRA_1_3

Over = Callable[[Mapping[str, str]], Comparison]


def test_the_name_of_the_config_is_filled_in_last(over: Over) -> None:
    comparison = over(
        {"config": "hydra: {job: {config: {override_dirname: {kv_sep: '${seed}'}}}}\nseed: 1"}
    )
    line = "hydra.job.config.override_dirname.kv_sep='${hydra.job.config_name}'"
    comparison.compare_sweep([], [[], [line], ["seed=2", line], ["hydra.job.config_name=other"]])
    assert comparison.count.from_prefix == comparison.count.valid


FILLED = """
part: {choices: "${hydra.runtime.choices}", of: {version: "${hydra.runtime.version}"}}
listed: {one: ["${hydra.runtime.version}"], empty: ["${hydra.runtime.choices}"]}
"""


@pytest.mark.parametrize(
    "line",
    [
        "part={choices: {db: x}}",
        "+part={choices: {db: {a: 1}}}",
        "part.choices=null",
        # Which Hydra compares before it is filled in.
        f"~listed.one=['{hydra.__version__}']",
        "~listed.empty=[{}]",
        # Which takes the place of what stands there.
        "listed={one: [a]}",
    ],
)
def test_what_is_filled_in_last_is_not_met_by_a_mapping(over: Over, line: str) -> None:
    comparison = over({"config": FILLED})
    comparison.compare_sweep([], [[], ["part.of.version=1"], [line]])
    assert comparison.count.from_prefix


KINDS = {f"kind/{name}": f"name: {name}" for name in ("a", "b", "0", "1", "a_b", "b_b")}


@pytest.mark.parametrize("line", ["seed=0", "kind@chosen='${parity:}'", "+kind@more='${parity:}'"])
@pytest.mark.parametrize("default", ["a", "${parity:}"])
def test_an_option_that_a_resolver_gives_is_chosen_for_each_job(
    over: Over, default: str, line: str
) -> None:
    text = f"defaults: [kind: a, kind@chosen: '{default}', part: one, _self_]\nseed: 1"
    part = {"part/one": f"defaults: [/kind@here: '{default}']"}
    comparison = over({"config": text, **KINDS, **part})
    comparison.compare_sweep([], [[line, f"seed={seed}"] for seed in range(4)])
    assert comparison.count.valid in ((4,) if HYDRA_1_3 else (0, 4))  # which Hydra 1.4 refuses


def test_an_option_that_another_gives_is_in_the_prefix(over: Over) -> None:
    text = "defaults: [kind: a, kind@two: b, kind@both: '${kind}_${kind@two}', _self_]\nseed: 1"
    comparison = over({"config": text, **KINDS})
    comparison.compare_sweep([], [[], ["kind=b"], ["seed=2"], ["kind=b", "seed=2"]])
    assert comparison.count.from_prefix == 4
