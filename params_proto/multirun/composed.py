"""The configs of jobs as they were composed, by which changes are seen: `.sweep/composed.jsonl`.

Of each choice of config groups, and of the keys that are given with it, it holds one job: a default
is seen in one that does not give it. A line is `{"choices": ["db=pg"], "overrides": [...],
"config": {...}}`, without the node `hydra`. No process writes into the file of another one: whoever
goes on or runs a part has its own for what is new, `composed-1-0a1b2c3d.jsonl`. Where several have
lines of one kind, that in the file of the highest number holds.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import uuid4

from omegaconf import OmegaConf

from params_proto import _files
from params_proto.errors import SweepError
from params_proto.records.json_text import read_json
from params_proto.records.layout import COMPOSED, OWN

if TYPE_CHECKING:
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

# To compare one takes as long as to compose it. Those of a sweep are composed at its start.
MOST = 1000  # kinds of jobs that are kept
_LENGTH = 64 * 2**20  # characters of them, where configs are large

_NAME = re.compile(r"composed(?:-([1-9][0-9]*)-[0-9a-f]{8})?\.jsonl", re.ASCII)


Kind = tuple[tuple[str, ...], frozenset[str]]
"""Jobs of which one is kept: their choices of groups, and the keys that they are given."""


class Line(NamedTuple):
    """What is kept of jobs of one kind.

    Args:
        choices: the overrides that choose options of groups.
        overrides: all of the job's.
        config: what they compose, as JSON has it.
    """

    choices: tuple[str, ...]
    overrides: Sequence[str]
    config: dict[str, Any]

    @property
    def kind(self) -> Kind:
        """That of the job."""
        return _kind(self.choices, self.overrides)


class Composed:
    """What a process has to note of the kinds of jobs."""

    def __init__(self) -> None:
        self._known: set[Kind] = set()
        self._new: dict[Kind, str] = {}
        self._length = 0
        self._left_out = self._told = False
        self._path: Path | None = None

    def add(self, choices: Sequence[str], job: Sequence[str], config: DictConfig) -> None:
        """Notes a job, the first one of its kind.

        Args:
            choices: its overrides that choose options of groups.
            job: all of them.
            config: what they compose.
        """
        if _kind(choices, job) in self._known:
            return
        if len(self._known) >= MOST or self._length >= _LENGTH:
            self._left_out = True
            return
        self.replace(Line(tuple(choices), job, plain(config)))

    def replace(self, line: Line) -> None:
        """Notes what is to hold in place of the line of the same kind."""
        self._known.add(line.kind)
        self._new[line.kind] = text = f"{json.dumps(line._asdict())}\n"
        self._length += len(text)

    def has(self, kind: Kind) -> None:
        """Says that there is a line of a kind in the sweep's directory."""
        self._known.add(kind)
        self._new.pop(kind, None)

    def write(self, directory: Path, *, shared: bool) -> None:
        """Writes what is new since it last did.

        Args:
            directory: the sweep's.
            shared: whether other processes may write there.

        Raises:
            SweepError: it cannot be written.
        """
        if self._left_out and not self._told:
            self._told = True
            log.warning(
                f"Of this sweep's choices of config groups and of keys, {len(self._known)} have"
                f" their configs kept in {OWN}/{COMPOSED}, which are as many as there can be: of"
                " the others hydra.sweeper.resume will not see whether the app's config has"
                " changed."
            )
        if not self._new:
            return
        lines = [*self._new.values()]
        if self._path is None:
            self._path = _new_path(directory, shared)
            _files.write(self._path, lines, lasting=False, as_folder=True)
        else:
            _append(self._path, lines)
        self._new.clear()


def kept(directory: Path) -> Iterator[Line]:
    """The lines of a sweep that hold, one by one; none where there is no file.

    Args:
        directory: the sweep's.

    Raises:
        SweepError: a file is not what a sweep has written.
    """
    found: set[Kind] = set()
    for _, path in sorted(paths(directory), reverse=True):
        for line in _read(path):
            if line.kind not in found:
                found.add(line.kind)
                yield line


def paths(directory: Path) -> Iterator[tuple[int, Path]]:
    """The files, each with its number."""
    for path in (directory / OWN).glob("composed*.jsonl"):
        if name := _NAME.fullmatch(path.name):
            yield int(name.group(1) or 0), path


def _kind(choices: Sequence[str], job: Sequence[str]) -> Kind:
    return tuple(choices), frozenset([line.partition("=")[0] for line in job])


def plain(config: DictConfig) -> dict[str, Any]:
    """A config as JSON has it, without Hydra's node."""
    whole = cast("dict[str, Any]", OmegaConf.to_container(config))
    whole.pop("hydra", None)
    named = {str(key): value for key, value in whole.items()}
    return json.loads(json.dumps(_with_sayable_keys(named), default=repr))


def _with_sayable_keys(node: Any) -> Any:
    """The same where no key is an enum's member or bytes, for which JSON has no word."""
    if isinstance(node, list):
        return [_with_sayable_keys(element) for element in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    return {
        key if isinstance(key, (str, int, float)) else str(key): _with_sayable_keys(value)
        for key, value in cast("dict[Any, Any]", node).items()
    }


def _new_path(directory: Path, shared: bool) -> Path:
    numbers = [number for number, _ in paths(directory)]
    if not (numbers or shared):
        return directory / OWN / COMPOSED
    number = 1 + max(numbers, default=0)
    return directory / OWN / f"composed-{number}-{uuid4().hex[:8]}.jsonl"


def _append(path: Path, lines: Sequence[str]) -> None:
    try:
        with path.open("ab") as file:
            file.write("".join(lines).encode())
    except OSError as error:
        raise SweepError(f"{path} cannot be written: {error.strerror or error}.") from error


def _read(path: Path) -> Iterator[Line]:
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file):
                try:
                    yield _line(read_json(text))
                except ValueError as error:
                    # A process has died while it appended, or is about to: before those jobs ran.
                    if number and not text.endswith(b"\n"):
                        return
                    raise _no_configs(path, error) from error
            if not file.tell():
                raise _no_configs(path, "it is empty")
    except FileNotFoundError:
        return
    except OSError as error:
        raise SweepError(f"{path} cannot be read: {error.strerror or error}.") from error


def _line(found: Any) -> Line:
    line = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    kinds = {"choices": list, "overrides": list, "config": dict}
    fits = all(isinstance(line.get(name), kind) for name, kind in kinds.items())
    if not fits or any(type(text) is not str for text in (*line["choices"], *line["overrides"])):
        raise ValueError(f"{found!r:.60}")
    return Line(tuple(line["choices"]), line["overrides"], line["config"])


def _no_configs(path: Path, what: object) -> SweepError:
    return SweepError(
        f"{path} is not what the sweep has written ({what}). Remove it, and the sweep goes on"
        " without a look at what has changed in the app's config."
    )
