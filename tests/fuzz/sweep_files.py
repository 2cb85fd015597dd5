"""Sweep files: `.yaml` that is almost a sweep, rows of `.jsonl` and `.csv`, and any bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from hypothesis import strategies as st

from params_proto import Sweep
from params_proto.storage.plain import STEPS
from tests.fuzz.promises import Kind
from tests.fuzz.texts import KEYS, RANGES, SNIPPETS, as_bytes, keys, mostly, mutated, words
from tests.fuzz.uses import use

# --- YAML, as text: what it says is the parser's to find out

_TAGS = [
    "!tuple", "!set", "!frozenset", "!path", "!override", "!!int", "!!float", "!!bool",
    "!!binary", "!!str", "!!null", "!!timestamp", "!!set", "!!omap", "!!pairs", "!!merge", "!x",
    "!", "!<x>", "!!python/object/apply:os.system", "!!python/tuple", "&a", "&b",
]  # fmt: skip
_TAGGED = ["[1, 2]", "[[1]]", "1", "a", "'${seed}'", "AA==", "{a: 1}", "*a", "", "[*a]"]
_scalars = mostly(
    ["1", "2", "a", "b", "0.1", "true", "null", "'1'", "[1, 2]", "{a: 1}", "!tuple [1, a]"],
    [
        *SNIPPETS,
        *(json.dumps(text, ensure_ascii=False) for text in SNIPPETS),
        *(f"{tag} {text}" for tag in _TAGS for text in _TAGGED),
    ],
)


def _list(elements: Sequence[str]) -> str:
    return f"[{', '.join(elements)}]"


def _map(keys: Sequence[str], values: Sequence[str]) -> str:
    return "{" + ", ".join(map("{}: {}".format, keys, values)) + "}"


_ODD_KEYS = [*SNIPPETS, *["<<", "? [1]", "&a k", "1", "null", "hydra.verbose"] * 20]


def _yaml_keys(least: int, most: int) -> st.SearchStrategy[Sequence[str]]:
    return st.lists(mostly(KEYS, _ODD_KEYS), min_size=least, max_size=most)


_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(_list)
        | st.builds(_map, _yaml_keys(0, 2), st.lists(inner, max_size=2))
    ),
    max_leaves=3,
)
_two = st.builds("[{}, {}]".format, _scalars, _values)
_axes = st.one_of(
    st.builds(_map, _yaml_keys(1, 2), st.lists(_two, min_size=2, max_size=2)),
    st.builds(_map, _yaml_keys(1, 2), st.tuples(mostly(RANGES[:3]), _two)),
)
_rows = st.builds(_map, _yaml_keys(0, 2), st.lists(_values, min_size=2, max_size=2))
_ARGUMENTS: Mapping[str, st.SearchStrategy[str]] = {
    "product": _axes,
    "zip": _axes,
    "chain": st.lists(_rows, max_size=3).map(_list),
    "set": _rows,
    "repeat": st.sampled_from(["2", "3", "1", "1000000000000000000000", "0x" + "f" * 3000]),
    "exclude": st.builds(_map, st.just(["lr"]), st.lists(_values, min_size=1, max_size=1)),
    "derive": st.builds(
        _map,
        _yaml_keys(1, 1),
        st.lists(mostly(["'{lr}'", "'x{lr:>3}'", "'x'", "'{lr:.3g}'"]), min_size=1, max_size=1),
    ),
    "shuffle": st.sampled_from(["{seed: 0}", "{seed: -1}", "{}", "{seed: 0x" + "f" * 3000 + "}"]),
    "sample": st.sampled_from(
        ["{n: 1}", "{n: 2, seed: 3}", "{n: 0x" + "f" * 3000 + "}", "{n: -1}"]
    ),
    "slice": st.sampled_from(["'0:1'", "'::2'", "'::-1'", "'-1:'", "1:30", "'" + "9" * 90 + ":'"]),
    "prefix": st.sampled_from(["training", "a.b", "1", "''"]),
}


def _step(name: str, inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    if name in _ARGUMENTS:
        given = _ARGUMENTS[name]
    elif name == "concat":
        given = st.lists(inner, min_size=1, max_size=3).map(_list)
    else:
        given = inner
    return st.builds("{}: {}".format, st.just(name), st.one_of(*[given] * 7, _values))


def _steps(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(st.one_of([_step(name, inner) for name in STEPS]), min_size=1, max_size=2)
    return some.map(lambda steps: "{" + ", ".join(steps) + "}")


_inner = st.recursive(_steps(st.just("{product: {z: [1, 2]}}")), _steps, max_leaves=2)
_first = st.one_of(
    st.just("product: {lr: [0.1, 0.01], seed: 'range(0,3)'}"),
    st.just("zip: {lr: [a, b], x: [1, 2]}"),
    st.builds("product: {}".format, _axes),
)
_documents = st.one_of(
    st.builds("{}\n{}".format, _first, st.one_of([_step(name, _inner) for name in STEPS])),
    st.lists(_inner, max_size=2).map(lambda some: "\n".join(f"- {one}" for one in some)),
    _inner,
)
_raw = st.one_of(
    st.binary(max_size=40),
    as_bytes(st.lists(words, max_size=6).map("".join)),
    as_bytes(st.text(st.sampled_from("ab01: -[]{},&*!|>'\"%@`#?\n\t<=~."), max_size=60)),
)
_yaml = st.one_of(as_bytes(_documents), as_bytes(_documents), as_bytes(mutated(_documents)), _raw)

# --- rows

_FINE = ["1", "0.1", '"a"', "null", "true", "2", "1E5", "[1, 2]", '{"x": 1}', '""', '"1"']
_json_scalars = mostly(_FINE, [*SNIPPETS, *map(json.dumps, SNIPPETS)])
_json_values = st.one_of(
    *[_json_scalars] * 5,
    st.lists(_json_scalars, max_size=3).map(_list),
    st.builds(
        _map,
        st.lists(words.map(json.dumps), min_size=1, max_size=1),
        st.lists(_json_scalars, max_size=1),
    ),
)
_object = st.builds(
    _map,
    st.lists(keys.map(json.dumps), max_size=3),
    st.lists(_json_values, min_size=3, max_size=3),
)
_jsonl = st.lists(_object, max_size=3).map("\n".join)


def _cell(text: str, in_quotes: bool) -> str:
    return '"' + text.replace('"', '""') + '"' if in_quotes else text


_cells = st.builds(_cell, _json_values, st.booleans())


@st.composite
def _tables(draw: st.DrawFn) -> str:
    columns = draw(st.integers(0, 3))
    header = draw(st.lists(keys, min_size=columns, max_size=columns, unique=True))
    rows = draw(st.lists(st.lists(_cells, min_size=columns, max_size=columns), max_size=3))
    return "\n".join(map(",".join, [header, *rows]))


def _both(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    return as_bytes(texts) | as_bytes(texts) | as_bytes(mutated(texts)) | _raw


_files = st.one_of(
    st.tuples(st.just(".yaml"), _yaml),
    st.tuples(st.just(".yaml"), _yaml),
    st.tuples(st.just(".jsonl"), _both(_jsonl)),
    st.tuples(st.just(".csv"), _both(_tables())),
)


def _call(given: tuple[str, bytes], directory: Path) -> None:
    suffix, content = given
    path = directory / f"sweep{suffix}"
    path.write_bytes(content)
    use(Sweep.load(path))


KIND = Kind("files", _files, _call)
