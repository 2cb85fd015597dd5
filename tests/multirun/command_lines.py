"""Hypothesis strategies: the overrides that can be on a command line or in `params`.

Hydra can read most of them; it must refuse the others with either sweeper.
"""

# ruff: noqa: E501 - tables

from __future__ import annotations

from hydra.core.override_parser.types import Quote, QuotedString
from hypothesis import strategies as st

# --- one value

_CHARACTERS = st.sampled_from([*"ab1_-. ,:=|/$?*@%+()[]{}#&!<>\"'\\", "\t", "\n", "é", "漢", "🦜"])
quoted: st.SearchStrategy[str] = st.builds(
    lambda text, quote: QuotedString(text, quote).with_quotes(),
    st.text(_CHARACTERS, max_size=5)
    | st.sampled_from(["null", "1", "1e3", "${lr}", "\\${lr}", "a\\\\${lr}", "it's", 'say "hi"']),
    st.sampled_from(Quote),
)
numbers: st.SearchStrategy[str] = (
    st.integers(-20, 20).map(str)
    | st.floats().map(str)
    | st.sampled_from(["1_000", "1.", ".5", "1E3", "-1e-5", "+3", "1.50", "inf", "-inf", "NaN"])
)
words: st.SearchStrategy[str] = st.sampled_from(
    [
        *("a", "b-c", "null", "Null", "true", "FALSE", "a b", "a  b", "x.1", "x-1", "10%", "1a", "1__0"),
        *("${lr}", "${oc.env:HOME}", "a${lr}b", "${db.port}-${seed}", "${oc.decode:'[1, 2]'}", "\\${lr}"),
        *("a\\,b", "a\\ ", "\\(x\\)", "c\\=d", "\\\\", "?", "*", "$", "%", "|", "-", "+", "@", "g@h", "/"),
        *("a:b", "c/d", "e.f", "s3://b/k", "http://x:80/?a", "2024-01-01", "12:30", "a_b.c", "::", "???"),
    ]
)  # fmt: skip
mangled: st.SearchStrategy[str] = st.text(_CHARACTERS, max_size=4)
primitives: st.SearchStrategy[str] = words | numbers | quoted

_names = st.sampled_from(["a", "b.c", "a b", "1", "1.5", "null", "true", "a\\:b", "x/y", "-", "$"])


def _dict(keys: list[str], values: list[str]) -> str:
    return "{" + ",".join(map("{}:{}".format, keys, values)) + "}"


def _containers(elements: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(elements, max_size=3)
    return some.map(lambda all_of_them: f"[{','.join(all_of_them)}]") | st.builds(
        _dict, st.lists(_names, max_size=3), some
    )


containers: st.SearchStrategy[str] = st.recursive(primitives, _containers, max_leaves=5)
_casts = st.sampled_from(["int", "float", "str", "bool", "sort", "shuffle"])


def _cast(element: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("{}({})".format, _casts, element)


elements: st.SearchStrategy[str] = primitives | containers | _cast(containers)
values: st.SearchStrategy[str] = elements | mangled

# --- several values

choices: st.SearchStrategy[str] = st.lists(elements, min_size=1, max_size=4).map(",".join)
_ends = st.integers(-3, 5).map(str) | st.sampled_from(["0.5", "1.0", "-1.5", "1e0", "0.1"])
_steps = st.sampled_from(["1", "2", "-1", "0.5", "-0.25", "0.1", "step=2", "step=-1.5", "0"])
ranges: st.SearchStrategy[str] = (
    st.builds("range({})".format, _ends)
    | st.builds("range({},{})".format, _ends, _ends)
    | st.builds("range({},{},{})".format, _ends, _ends, _steps)
    | st.builds("range(start={},stop={})".format, _ends, _ends)
)
globs: st.SearchStrategy[str] = st.sampled_from(
    ["glob(*)", "glob(m*)", "glob([p*,i*])", "glob(*,exclude=m*)", "glob(*,[pg,s*])", "glob(x*)"]
)
_functions = st.sampled_from(
    [
        *("choice({})", "sort({})", "sort({},reverse=true)", "shuffle({})", "tag({})", "tag(t,{})"),
        *("tag(t,u,choice({}))", "int({})", "float({})", "str({})", "bool({})"),
        *("sort(choice({}))", "shuffle(choice({}))", "str(int({}))", "float(choice({}))"),
        *("int(str(choice({})))", "interval({})", "choice(choice({}))", "sort(tag(t,choice({})))"),
    ]
)  # fmt: skip
sweeps: st.SearchStrategy[str] = st.recursive(
    choices
    | ranges
    | globs
    | st.sampled_from(["interval(0,1)", "interval(1,2.5)", "tag(a,interval(0,1))"])
    | st.lists(numbers, min_size=1, max_size=3).map(",".join),
    lambda inner: st.builds(lambda function, text: function.format(text), _functions, inner),
    max_leaves=3,
)

# --- whole overrides

KEYS = [
    *("lr", "seed", "name", "model.lr", "db", "db@pkg", "db@a.b", "db/engine", "db/engine@engine"),
    *("model", "a.0", "$x", "x-y", "_", "db@", "db@a:b", "@pkg", "", "a b", "0", "a..b", "é"),
]
lines: st.SearchStrategy[str] = st.builds(
    "{}{}={}".format,
    st.sampled_from(["", "", "", "+", "++"]),
    st.sampled_from(KEYS),
    values | sweeps,
) | st.builds(
    "~{}{}".format, st.sampled_from(KEYS), st.sampled_from(["", "=null", "=1", "=pg", "=", "=a,b"])
)
"""An override, swept or not; about one in ten is invalid."""

# --- command lines for the app of tests/multirun/conftest.py

_VALUE_KEYS = ["lr", "seed", "name", "layers", "opts.a", "db.port", "++opts.b.c", "+x", "+new.x"]
_CHOICES = {
    "db": ["mysql", "pg", "glob(*)"],
    "db/engine@engine": ["inno", "isam", "glob(*,exclude=inno)"],
    "+db/engine@db.engine": ["inno", "isam"],
    "+model": ["small", "large", "glob([s*,large])"],
    "+model@big": ["large"],
    "+model@opts.model": ["small", "large"],
    "+db@_global_": ["pg"],
    "+experiment": ["fast"],
}
_fixed = (
    st.builds("{}={}".format, st.sampled_from(_VALUE_KEYS), elements)
    | st.sampled_from([f"{key}={choice}" for key, some in _CHOICES.items() for choice in some])
    | st.sampled_from(["~obj.x=1", "~name=null", "~db/engine@engine", "~db/engine@engine=inno"])
    | st.sampled_from(["hydra.job.name=n", "hydra.sweeper.max_batch_size=2", "hydra.verbose=true"])
    | st.sampled_from(["hydra.sweep.subdir=j${hydra.job.num}", "hydra.output_subdir=null"])
)
_few = st.lists(elements, min_size=2, max_size=2).map(",".join) | st.sampled_from(
    [
        *("range(2)", "range(0,1,0.5)", "range(3,1,-1)", "sort(3,1)", "shuffle(a,b)"),
        *("tag(t,choice(a,b))", "int(1.5,2.5)", "float(range(2))", "sort(b,a,reverse=true)"),
        *("shuffle(range(2))", "bool(1,0)", "choice(1)", "float(int(1.5,'2'))"),
    ]
)
_swept = st.builds("{}={}".format, st.sampled_from(_VALUE_KEYS), _few) | st.sampled_from(
    [f"{key}={','.join(some[:2])}" for key, some in _CHOICES.items() if len(some) > 1]
)


def _key(line: str) -> str:
    return line.partition("=")[0].lstrip("+~")


def _together(fixed: list[str], swept: list[str]) -> list[str]:
    """Swept keys are not deleted, which only the basic sweeper allows."""
    keys = {_key(line) for line in swept}
    return [*(line for line in fixed if line[0] != "~" or _key(line) not in keys), *swept]


command_lines: st.SearchStrategy[list[str]] = st.builds(
    _together,
    st.lists(_fixed, max_size=3, unique_by=_key),
    st.lists(_swept, max_size=2, unique_by=_key),
).flatmap(st.permutations)
"""Command lines of at most four jobs, most of which the app has the keys for."""
