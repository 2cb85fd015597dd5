"""Keys for every method of Sweep, and as overrides that Hydra reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from params_proto import Sweep
from params_proto._keys import key_error, strip_prefix
from params_proto.overrides.parse import read
from tests.fuzz.promises import BrokenError, Kind
from tests.fuzz.texts import KEYS, SNIPPETS, mutated, short
from tests.fuzz.uses import use

_PARTS = [
    "a", "b1", "_x", "0", "12", "-", "$", "..", ".", "/", "@", "+", "~", "++", "hydra", "é", ":",
    "=", "\x00", "\ud800", " ", "\n", "*", "A" * 300, "~~", "+~", "_here_", "_global_", "_group_",
]  # fmt: skip
_texts = st.one_of(
    st.sampled_from(KEYS),
    st.lists(st.sampled_from(_PARTS), max_size=6).map("".join),
    st.lists(st.sampled_from(_PARTS[:5]), min_size=1, max_size=4).map(".".join),
    mutated(st.sampled_from(KEYS)),
    short,
    st.sampled_from(SNIPPETS),
)
_others = st.sampled_from([None, 1, 1.5, True, b"lr", ("lr",), frozenset(), 10**5000, float("nan")])
_keys = st.one_of(*[_texts] * 9, _others)

Make = Callable[[Any, Any], Sweep]


def _both(one: Any, other: Any, value: Any) -> Mapping[Any, Any]:
    return {one: value, other: value}


def _text(key: Any) -> str:
    return key if isinstance(key, str) else type(key).__name__


_METHODS: Mapping[str, Make] = {
    "product": lambda one, other: Sweep().product(_both(one, other, [1, 2])),
    "zip": lambda one, other: Sweep().zip(_both(one, other, ["a", "b"])),
    "chain": lambda one, other: Sweep().chain({one: 1}, {other: "x"}),
    "set": lambda one, other: Sweep().product({one: [1, 2]}).set({other: 3}),
    "times": lambda one, other: Sweep().product({one: [1, 2]}) * {other: [[1], {"a": None}]},
    "exclude": lambda one, other: Sweep().product({one: [1, 2]}).exclude({other: 1}),
    "derive": lambda one, other: Sweep().product({one: [1, 2]}).derive({other: f"x{{{one}}}"}),
    "lines": lambda one, other: Sweep.from_overrides([_text(one) + "=1,2", _text(other) + "=a"]),
    "keyword": lambda one, other: Sweep().product(**{_text(one): [1]}).set(**{_text(other): 1}),
}
_calls = st.tuples(st.sampled_from([*_METHODS]), _keys, _keys)


def _call(given: tuple[str, Any, Any], directory: Path) -> None:
    method, one, other = given
    sweep = _METHODS[method](one, other)
    use(sweep)
    for lines in islice(sweep.overrides(), 2):
        for line in lines:
            read_key = read(line).get_key_element()
            if strip_prefix(read_key) != strip_prefix(line.partition("=")[0]) or key_error(
                read_key
            ):
                raise BrokenError(f"{line!r} is read with the key {read_key!r}", "", given)


KIND = Kind("keys", _calls, _call)
