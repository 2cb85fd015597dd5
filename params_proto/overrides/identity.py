"""Identifies a job, regardless of its number, by its overrides in any order and spelling."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from itertools import count
from typing import Any, cast

from params_proto._keys import strip_prefix
from params_proto._text import json_key
from params_proto.errors import SweepError
from params_proto.overrides.parse import parse

# Texts that do not need the parser, which takes 0.1 ms each.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_WORD = re.compile(r"(?!(?i:null|true|false|nan|inf)\Z)[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)

_KEPT = 16_384  # cached overrides: those of a sweep have few different values


def identity(job: Iterable[str]) -> str:
    """Order-independent hash of overrides.

    It does not depend on whether a value is added (`+lr`) or changed, nor on its spelling: 1, 1.0
    and 1e0 are the same.

    >>> identity(["lr=0.1", "+seed=1"]) == identity(["++seed=1", "lr=1e-1"])
    True
    >>> identity(["lr=1"]) == identity(["lr='1'"]), identity(["lr=1"])
    (False, 'c50b230f42e8a73f76606623fcc1531e')
    """
    text = "\n".join(sorted(map(_canonical, job)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def job_numberer(numbers: Iterable[tuple[str, int]]) -> Callable[[Iterable[str]], int]:
    """Numbers the jobs, in order, of a sweep that has changed since some were recorded.

    Recorded jobs keep their numbers, and new ones take the next. Equal jobs are numbered in order.
    An unreadable record only keeps its number from being used.

    >>> number_of = job_numberer([(identity(["lr=1"]), 0), ("", 1), (identity(["lr=1"]), 2)])
    >>> [number_of([line]) for line in ("lr=2", "lr=1", "lr=1.0", "lr=1")]
    [3, 0, 2, 4]
    """
    known: defaultdict[str, deque[int]] = defaultdict(deque)
    after = 0
    for name, number in numbers:
        known[name].append(number)
        after = max(after, number + 1)
    new = count(after)

    def number_of(job: Iterable[str]) -> int:
        own = known.get(identity(job))
        return own.popleft() if own else next(new)

    return number_of


def values(job: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The keys of overrides, without +, ++ or ~, and their values; None for a deletion.

    >>> dict(values(["+lr=1e-1", "~db", "layers=[1,2]"]))
    {'lr': 0.1, 'db': None, 'layers': [1, 2]}
    """
    for line in job:
        key, _, text = line.partition("=")
        # A deletion may name the expected value, but removes the key in any case.
        yield strip_prefix(key), None if key.startswith("~") else _value(text)


def without_selectors(job: Iterable[str], selectors: Collection[str]) -> list[str]:
    """The overrides that define a job, without those that only select the sweep.

    >>> without_selectors(["lr=1", "+sweep=ablation"], ["+sweep"])
    ['lr=1']
    """
    return [line for line in job if line.partition("=")[0] not in selectors]


@lru_cache(_KEPT)
def _canonical(line: str) -> str:
    ((name, value),) = values([line])
    return f"{'~' if line.startswith('~') else ''}{name}={json_key(_whole(value))}"


def _whole(value: Any) -> Any:
    """A value with whole floats as integers: a field converts one to the other."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(element) for element in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {str(key): _whole(element) for key, element in cast("dict[Any, Any]", value).items()}
    return value


@lru_cache(_KEPT)
def _value(text: str) -> Any:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _WORD.fullmatch(text):
        return text
    try:
        return parse(text)
    except SweepError:  # text that only the job can parse
        return text
