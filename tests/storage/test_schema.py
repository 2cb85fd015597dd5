"""The JSON schema of sweep files accepts the same files as the loader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from params_proto import SweepError
from params_proto._keys import is_node, key_error
from params_proto.cli.show import schema
from params_proto.storage.plain import STEPS, sweep_from_steps
from params_proto.storage.yaml_file import Document, dump_yaml
from tests.pages import ROOT, blocks
from tests.recipes import Recipe
from tests.storage.test_laws import STORED, yaml_values
from tests.storage.test_yaml import BY_HAND, MISTAKES
from tests.strategies import recipes

SCHEMA = json.loads(schema())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
HEADER = "# @package hydra.sweeper.sweep"
LOOKS = re.compile(rf"^{HEADER}$|^ +sweep:$|^(?:- )?(?:product|zip|chain|concat):", re.MULTILINE)


def seen(value: Any) -> Any:
    """A value as an editor sees it: JSON's types, every key a string."""
    if isinstance(value, dict):
        return {str(key): seen(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [seen(each) for each in value]
    return value if isinstance(value, (str, bool, int, float)) or value is None else str(value)


def mistakes(text: str) -> list[str]:
    """What an editor underlines in a file."""
    return [error.message for error in VALIDATOR.iter_errors(seen(Document(text, "").root))]


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_every_step_is_in_it_and_says_how_it_is_written() -> None:
    properties = SCHEMA["definitions"]["steps"]["properties"]

    assert list(properties) == list(STEPS)
    for name, step in properties.items():
        text, _, example = step["description"].partition("\n\n")
        assert text
        assert example.startswith(f"{name}: ")
        assert mistakes(example) == []


# --- the sweeps of the repository


def configured(node: Any) -> Iterator[Any]:
    """The steps in a config that has a `hydra.sweeper.sweep`."""
    for key in ("hydra", "sweeper", "sweep"):
        node = node.get(key) if isinstance(node, dict) else None
    if isinstance(node, (dict, list)):
        yield node


def shown() -> Iterator[tuple[str, str]]:
    """Every YAML text of the repository: its files, and what the pages show."""
    for folder in ("conf", "docs", "examples", "tests"):
        for path in sorted((ROOT / folder).rglob("*.yaml")):
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for block in blocks(page.read_text("utf-8")):
            if block.language == "yaml":
                yield f"{page.name}: {block.file or block.text.splitlines()[0]}", block.text


def sweeps() -> Iterator[Any]:
    """Every sweep among them."""
    for name, text in shown():
        if LOOKS.search(text):
            root = Document(text, name).root
            steps = HEADER in text or isinstance(root, list) or STEPS.keys() & root.keys()
            for found in [root] if steps else configured(root):
                yield pytest.param(found, id=name)


SWEEPS = list(sweeps())


def test_the_sweeps_of_the_repository_are_found() -> None:
    names = {param.id for param in SWEEPS}

    assert {f"conf/sweep/{path.name}" for path in (ROOT / "conf" / "sweep").iterdir()} <= names
    assert {"tests/apps/tree/conf/experiment/searched.yaml", "README.md: rates.yaml"} <= names
    assert "sweep-configs.md: conf/experiment/tuned.yaml" in names


@pytest.mark.parametrize("steps", SWEEPS)
def test_every_sweep_of_the_repository_is_taken(steps: Any) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(seen(steps))] == []


@pytest.mark.parametrize("text", [text for text, _ in BY_HAND.values()], ids=BY_HAND)
def test_what_the_loader_takes_is_taken(text: str) -> None:
    assert mistakes(dedent(text).removeprefix("\ufeff")) == []


@given(recipe=recipes(values=yaml_values, methods=STORED, callables=False))
def test_what_save_writes_of_any_sweep_is_taken(recipe: Recipe) -> None:
    assert mistakes(dump_yaml(recipe.sweep().expression.plain())) == []


# --- mistakes

# Of these a schema knows nothing: how YAML reads text, what order steps have, and what values mean.
MEANT_WRONG = {
    *("an axis twice", "an interval", "no sweep of Hydra"),
    *("a comma in brackets", "an order without a seed"),
    *("one key twice in a row", "late concat"),
    *("prefix twice", "exclude first"),
}


def readable() -> dict[str, str]:
    """The mistakes in files that are YAML."""
    found: dict[str, str] = {}
    for name, (text, _) in MISTAKES.items():
        try:
            Document(text, "")
        except SweepError:
            continue
        found[name] = text
    return found


READABLE = readable()


@pytest.mark.parametrize(("name", "text"), READABLE.items(), ids=READABLE)
def test_what_the_loader_refuses_for_its_form_is_refused(name: str, text: str) -> None:
    assert bool(mistakes(text)) is (name not in MEANT_WRONG)


numbers = st.sampled_from([-1, 0, 1, 2, True, 1.5, None, "1", "1:2", "::0", "a", [], {}])
keys = st.sampled_from(["a", "model.lr", "+b@c", "a b", "1", "0.1", "a/b.c", "~", "n", "seed"])
entries = st.dictionaries(keys, st.one_of(numbers, st.lists(numbers, max_size=2)), max_size=2)
values = st.one_of(numbers, entries, st.lists(entries, max_size=2))
names = st.sampled_from([*STEPS, "where", ""])
documents: st.SearchStrategy[Any] = st.recursive(
    st.one_of(values, st.dictionaries(names, values, max_size=3)),
    lambda inner: st.one_of(st.dictionaries(names, inner, max_size=2), st.lists(inner, max_size=2)),
    max_leaves=4,
)


@given(document=documents)
def test_what_is_refused_the_loader_refuses(document: Any) -> None:
    if VALIDATOR.is_valid(document):
        return
    with pytest.raises(SweepError):
        sweep_from_steps(document)


@given(text=st.one_of(keys, st.text("ab0.1_$-+~/@", max_size=6)))
def test_keys_and_nodes_are_what_they_are_to_the_loader(text: str) -> None:
    assert VALIDATOR.is_valid({"set": {text: 1}}) is (key_error(text) is None)
    assert VALIDATOR.is_valid({"prefix": text}) is is_node(text)


@pytest.mark.parametrize(
    "text",
    ["repeat: ${n}", "shuffle: {seed: '${seed}'}", "sample: {n: '${n}'}", "product: {a: '${b}'}"],
)
def test_an_interpolation_may_stand_for_a_number_in_a_config(text: str) -> None:
    assert mistakes(text) == []
