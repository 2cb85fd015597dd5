"""Configs that once were, or might have been, composed in another way than Hydra's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import hydra
import pytest

from tests.compose.both_ways import Roads
from tests.versions import HYDRA_1_3

Over = Callable[[Mapping[str, str]], Roads]


def test_the_name_of_the_config_is_filled_in_last(over: Over) -> None:
    roads = over(
        {"config": "hydra: {job: {config: {override_dirname: {kv_sep: '${seed}'}}}}\nseed: 1"}
    )
    line = "hydra.job.config.override_dirname.kv_sep='${hydra.job.config_name}'"
    roads.compare_sweep([], [[], [line], ["seed=2", line], ["hydra.job.config_name=other"]])
    assert roads.count.from_prefix == roads.count.valid


FILLED = """
hydra: {job: {name: named}}
part: {choices: "${hydra.runtime.choices}", of: {version: "${hydra.runtime.version}"}}
listed:
  one: ["${hydra.runtime.version}"]
  empty: ["${hydra.runtime.choices}"]
  deep: [{versions: [1, "${hydra.runtime.version}"], choices: ["${hydra.runtime.choices}"]}]
"""
VERSION = hydra.__version__


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
        # Which Hydra compares before it is filled in.
        f"~listed.one=['{VERSION}']",
        "~listed.one=[1]",
        "~listed.one=[]",
        "~listed.empty=[{}]",
        f"~listed={{one: ['{VERSION}']}}",
        f"~listed.deep=[{{versions: [1, '{VERSION}'], choices: [{{}}]}}]",
        "~listed.deep.0.choices=[{}]",
        "~listed.deep.0.versions=[1, [2]]",
        # Which takes the place of what stands there.
        "listed.one=[a]",
        "listed={one: [a]}",
    ],
)
def test_what_is_filled_in_last_is_not_met_by_a_mapping(over: Over, line: str) -> None:
    roads = over({"config": FILLED})
    roads.compare_sweep([], [[], ["part.of.version=1"], [line]])
    assert roads.count.from_prefix


@pytest.mark.parametrize("line", ["part={meets: {db: x}}", "+part={meets: {db: {a: 1}}}"])
@pytest.mark.parametrize(
    "meets", ["${hydra.runtime.choices}", "${oc.select:hydra.runtime.choices}"]
)
def test_nor_where_an_override_brought_it(over: Over, meets: str, line: str) -> None:
    roads = over({"config": "part: {meets: 0}"})
    roads.compare_sweep([], [[], ["part.meets=1"], [f"part.meets='{meets}'", line]])
    assert roads.count.from_prefix


@pytest.mark.parametrize(
    "lines", [[], ["kind@chosen=a"], ["kind@chosen='${parity:}'"], ["+kind@more='${parity:}'"]]
)
def test_an_option_that_a_resolver_gives_is_chosen_for_each_job(
    over: Over, lines: list[str]
) -> None:
    configs = {f"kind/{name}": f"name: {name}" for name in ("a", "0", "1")}
    part = {"part/one": "defaults: [/kind@here: '${parity:}']"}
    text = "defaults: [kind: a, kind@chosen: '${parity:}', part: one, _self_]\nseed: 1"
    roads = over({"config": text, **configs, **part})
    roads.compare_sweep([], [[*lines, f"seed={seed}"] for seed in range(4)])
    assert roads.count.valid == (4 if HYDRA_1_3 else 0)  # which Hydra 1.4 refuses


@pytest.mark.parametrize("line", ["kind='${parity:}'", "+kind@more='${parity:}'"])
def test_an_option_that_a_resolver_gives_in_an_override(over: Over, line: str) -> None:
    configs = {f"kind/{name}": f"name: {name}" for name in ("a", "0", "1")}
    roads = over({"config": "defaults: [kind: a, _self_]\nseed: 1", **configs})
    roads.compare_sweep([], [[line, f"seed={seed}"] for seed in range(4)])


def test_an_option_that_another_gives_is_in_the_prefix(over: Over) -> None:
    configs = {f"kind/{name}": f"name: {name}" for name in ("a", "b", "a_b", "b_b")}
    text = "defaults: [kind: a, kind@two: b, kind@both: '${kind}_${kind@two}', _self_]\nseed: 1"
    roads = over({"config": text, **configs})
    roads.compare_sweep([], [[], ["kind=b"], ["seed=2"], ["kind=b", "seed=2"]])
    assert roads.count.from_prefix == 4


@pytest.mark.parametrize(
    "meets", ["${turn_map:}", "${other}", "${other.inner}", "${listed[0]}", "${through.held}"]
)
@pytest.mark.parametrize("value", ["{port: 2}", "null", "${seed}"])
def test_what_a_file_is_merged_into_is_resolved_for_each_job(
    over: Over, meets: str, value: str
) -> None:
    config = f"defaults: [_self_, add: one]\nseed: 1\nmap: {meets}\nother: ${{turn_map:}}\n"
    config += "listed: ['${turn_map:}']\nthrough: ${holder}\nholder: {held: '${turn_map:}'}\n"
    roads = over({"config": config, "add/one": f"# @package _global_\nmap: {value}"})
    roads.compare_sweep([], [[f"seed={seed}"] for seed in range(4)])
    assert roads.count.valid == 4


@pytest.mark.parametrize("text", ["${kind}-${other}", "${now:%Y}", "${other}", "a ${turn_map:}"])
def test_what_only_gives_a_value_is_replaced_in_the_prefix(over: Over, text: str) -> None:
    config = f"defaults: [_self_, add: one]\nseed: 1\nkind: a\nother: b\nname: '{text}'\n"
    roads = over({"config": config, "add/one": "# @package _global_\nname: c"})
    roads.compare_sweep([], [[f"seed={seed}"] for seed in range(3)])
    assert roads.count.from_prefix == 3
