"""What a job is, whatever its number: its overrides, in whichever order and spelling."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any, cast

from params_proto._keys import bare
from params_proto.errors import SweepError

# What needs no parser, which takes a tenth of a millisecond.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_TYPED = frozenset({"null", "true", "false", "nan", "inf"})


def identity(job: Iterable[str], occurrence: int = 0) -> str:
    """A name for what some overrides ask for.

    Args:
        job: the overrides. Their order makes no difference, nor does whether a value is added
            (`+lr`) or changed, nor how it is spelled: 1, 1.0 and 1e0 are the same.
        occurrence: how many jobs of the sweep that come before are equal.

    >>> identity(["lr=0.1", "+seed=1"]) == identity(["++seed=1", "lr=1e-1"])
    True
    >>> identity(["lr=1"]) == identity(["lr='1'"]), identity(["lr=1"], 2)
    (False, 'c50b230f42e8a73f76606623fcc1531e-2')
    """
    text = "\n".join(sorted(map(_canonical, job)))
    name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{name}-{occurrence}" if occurrence else name


class Occurrences:
    """Tells equal jobs apart, by how many there were before."""

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def of(self, job: Iterable[str]) -> int:
        """How many equal jobs it was asked about before."""
        name = bytes.fromhex(identity(job))
        self._seen[name] += 1
        return self._seen[name] - 1


def values(job: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The keys of some overrides, without +, ++ and ~, and their values; None for a deletion.

    >>> dict(values(["+lr=1e-1", "~db", "layers=[1,2]"]))
    {'lr': 0.1, 'db': None, 'layers': [1, 2]}
    """
    for line in job:
        key, _, text = line.partition("=")
        yield bare(key), None if key.startswith("~") else _value(text)


def telling(job: Iterable[str], selecting: Collection[str]) -> list[str]:
    """The overrides that say what a job is, and not only which sweep runs.

    Args:
        job: all of them.
        selecting: the keys of those others, as they are written.

    >>> telling(["lr=1", "+sweep=ablation"], ["+sweep"])
    ['lr=1']
    """
    return [line for line in job if line.partition("=")[0] not in selecting]


@lru_cache(maxsize=16_384)
def _canonical(line: str) -> str:
    key, _, text = line.partition("=")
    name = bare(key)
    if key.startswith("~"):
        name = f"~{name}"
    # Of two deletions, one may say what it expects to find; both leave the key out.
    value = None if key.startswith("~") else _value(text)
    return f"{name}={canonical(value)}"


def canonical(value: Any) -> str:
    """A text that values have in common that are the same to a job.

    >>> canonical([1.0, True, "a"])
    '[1, true, "a"]'
    """
    return json.dumps(_whole(value), sort_keys=True, default=repr)


def _whole(value: Any) -> Any:
    """A value in which whole numbers are integers: a field makes the one of the other."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(element) for element in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {str(key): _whole(of) for key, of in cast("dict[Any, Any]", value).items()}
    return value


@lru_cache(maxsize=16_384)
def _value(text: str) -> Any:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _WORD.fullmatch(text) and text.lower() not in _TYPED:
        return text
    from params_proto.overrides.reading import parse

    try:
        return parse(text)
    except SweepError:  # a text that only the job itself may read
        return text
