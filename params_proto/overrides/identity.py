"""What identifies a job, whatever its number: its overrides, in any order and spelling."""

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
from params_proto.overrides.parse import parse

# Texts that need no parser, which takes a tenth of a millisecond.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_WORD = re.compile(r"(?!(?i:null|true|false|nan|inf)\Z)[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


def identity(job: Iterable[str], occurrence: int = 0) -> str:
    """Order-independent hash of overrides.

    Args:
        job: the overrides. It makes no difference whether a value is added (`+lr`) or changed, nor
            how it is spelled: 1, 1.0 and 1e0 are the same.
        occurrence: how many equal jobs come before it in the sweep.

    >>> identity(["lr=0.1", "+seed=1"]) == identity(["++seed=1", "lr=1e-1"])
    True
    >>> identity(["lr=1"]) == identity(["lr='1'"]), identity(["lr=1"], 2)
    (False, 'c50b230f42e8a73f76606623fcc1531e-2')
    """
    text = "\n".join(sorted(map(_canonical, job)))
    name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{name}-{occurrence}" if occurrence else name


class Occurrences:
    """Distinguishes equal jobs, by how many came before."""

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
        # Of two deletions, one may say what it expects to find; both leave the key out.
        yield bare(key), None if key.startswith("~") else _value(text)


def without_selectors(job: Iterable[str], selectors: Collection[str]) -> list[str]:
    """The overrides that make a job what it is, and do not only choose which sweep to run.

    Args:
        job: all of them.
        selectors: the keys of those others, as they are written.

    >>> without_selectors(["lr=1", "+sweep=ablation"], ["+sweep"])
    ['lr=1']
    """
    return [line for line in job if line.partition("=")[0] not in selectors]


def canonical(value: Any) -> str:
    """A text that values share which are the same to a job.

    >>> canonical([1.0, True, "a"])
    '[1, true, "a"]'
    """
    return json.dumps(_whole(value), sort_keys=True, default=repr)


@lru_cache(maxsize=16_384)
def _canonical(line: str) -> str:
    ((name, value),) = values([line])
    return f"{'~' if line.startswith('~') else ''}{name}={canonical(value)}"


def _whole(value: Any) -> Any:
    """A value in which whole numbers are integers: a field converts one to the other."""
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
    if _WORD.fullmatch(text):
        return text
    try:
        return parse(text)
    except SweepError:  # a text that only the job itself can read
        return text
