"""Hydra's sources of configs, each asked once: what is in a file stays what it was when read.

Hydra looks into the file system for every config of every job. These sources remember the answers
and the bytes of each file, so that a file edited while a sweep runs changes none of its jobs. They
have Hydra's paths, providers and texts: errors and `hydra.runtime.config_sources` stay the same.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import resources
from os.path import join, realpath
from pathlib import Path
from typing import Any

from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import OmegaConf

from params_proto.compose.reach import groups_of

Place = tuple[str, str]
"""A source of configs: its provider, and its path in full."""

Question = tuple[str, str, "ObjectType | None"]
"""What a source is asked: `available`, `group`, `config` or `list`, of a path, for a type."""


@dataclass(eq=False)
class Contents:
    """What is known of a source.

    Args:
        files: the bytes of the files that were read, by their path in the source.
        answers: what it said of what it has.
    """

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    answers: dict[Question, Any] = field(default_factory=dict[Question, Any])


class UnknownSourceError(Exception):
    """A source of configs that is none of Hydra's own: it may give another config each time."""


class _Named(io.BytesIO):
    """Bytes with the name of their file, which YAML's errors show."""

    name: str


class _Remembering(ConfigSource):
    """A source of files that is asked once.

    Args:
        source: one of Hydra's own.
        contents: what is known of it.
    """

    def __init__(self, source: ConfigSource, contents: Contents) -> None:
        vars(self).update(vars(source))
        self.contents = contents

    def available(self) -> bool:
        return self._said(("available", "", None), super().available)  # type: ignore[safe-super]

    def is_group(self, config_path: str) -> bool:
        ask = super().is_group  # type: ignore[safe-super]
        return self._said(("group", config_path, None), partial(ask, config_path))

    def is_config(self, config_path: str) -> bool:
        ask = partial(super().is_config, config_path)  # type: ignore[safe-super]
        question = "config", config_path, None
        return self._said(question, lambda: not self._is_new(config_path) and ask())

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        ask = super().list  # type: ignore[safe-super]
        question = "list", config_path, results_filter
        return [*self._said(question, partial(ask, config_path, results_filter))]

    def _said(self, question: Question, ask: Callable[[], Any]) -> Any:
        answers = self.contents.answers
        if question not in answers:
            answers[question] = ask()
        return answers[question]

    def _is_new(self, config_path: str) -> bool:
        """Whether a config came into a folder after that was listed."""
        folder, _, option = config_path.rpartition("/")
        listed = self.contents.answers.get(("list", folder, ObjectType.CONFIG))
        # Some file systems find a name that is written in other letters.
        return listed is not None and option.removesuffix(".yaml").casefold() not in [
            one.casefold() for one in listed
        ]

    def read_options(self, group: str) -> list[str]:
        """Reads all options of a group, and says which files these are."""
        options = self.list(group, ObjectType.CONFIG) if self.is_group(group) else []
        paths = [f"{group}/{option}" if group else option for option in options]
        names = [self._normalize_file_name(path) for path in paths]
        for name in names:
            with suppress(OSError):  # no job has chosen it yet
                self._read(name)
        return [name for name in names if name in self.contents.files]

    def below(self, group: str) -> list[str]:
        """The groups in a group, whose options are the group's as well: `db=cloud/pg`."""
        if not group or not self.is_group(group):  # all that there is stands below none
            return []
        return [f"{group}/{name}" for name in self.list(group, ObjectType.GROUP)]

    def leads_to(self, name: str) -> Iterator[str]:
        """The groups where jobs may come to from a file: its own, and those that it names."""
        yield name.rpartition("/")[0]
        if b"defaults" not in self._read(name):
            return
        with suppress(Exception):  # no job has chosen it yet
            config: Any = OmegaConf.to_container(self._parsed(name).config)
            yield from groups_of(name, config.get("defaults"))

    def load_config(self, config_path: str) -> ConfigResult:
        name = self._normalize_file_name(config_path)
        if name not in self.contents.files and not self._place(name).is_file():
            return super().load_config(config_path)  # type: ignore[safe-super] # which says so
        return self._parsed(name)

    @abstractmethod
    def _place(self, name: str) -> Any: ...

    def _called(self, name: str) -> str:
        """What YAML's errors call a file, which need not be there any more."""
        return str(self._place(name))

    def _read(self, name: str) -> bytes:
        files = self.contents.files
        if name not in files:
            files[name] = self._place(name).read_bytes()
        return files[name]

    def _parsed(self, config_path: str) -> ConfigResult:
        """What Hydra's own sources make of a file."""
        stream = _Named(self._read(config_path))
        stream.name = self._called(config_path)
        with io.TextIOWrapper(stream, encoding="utf-8") as file:
            header = self._get_header_dict(file.read(512))
            file.seek(0)
            config = OmegaConf.load(file)
        path = f"{self.scheme()}://{self.path}"
        return ConfigResult(config=config, path=path, provider=self.provider, header=header)


class _Files(_Remembering):
    def _place(self, name: str) -> Path:
        return Path(realpath(join(self.path, name)))


class _Package(_Remembering):
    def _place(self, name: str) -> Any:
        return resources.files(self.path).joinpath(name)

    def _called(self, name: str) -> str:
        try:
            return super()._called(name)
        except ModuleNotFoundError:  # the package is gone
            return f"{self.scheme()}://{self.path}/{name}"


_REMEMBERING = {"file": _Files, "pkg": _Package}


@cache
def _class(kind: type[ConfigSource]) -> type[_Remembering]:
    """The class of sources that remember, over one of Hydra's own."""
    made: Any = type(kind.__name__, (_REMEMBERING[kind.scheme()], kind), {})
    return made


def refuse_unknown(sources: Iterable[ConfigSource]) -> None:
    """Refuses sources that are none of Hydra's own.

    Raises:
        UnknownSourceError: there is one.
    """
    for source in sources:
        if not is_known(source):
            kind = type(source)
            raise UnknownSourceError(f"{source} is a {kind.__module__}.{kind.__qualname__}")


def is_known(source: ConfigSource) -> bool:
    """Whether a source is Hydra's own, or one of these over it."""
    # Not by identity: plugins may have been loaded twice, as in a worker of joblib.
    of_hydra = type(source).__module__.startswith("hydra._internal.core_plugins.")
    return of_hydra or isinstance(source, _Remembering)


class Sources:
    """The sources of one loader, which every search path of it shares.

    Args:
        kept: what is known of some of them.
    """

    def __init__(self, kept: Mapping[Place, Contents]) -> None:
        self._kept = kept
        self._known: dict[Place, _Remembering] = {}

    def remembering(self, source: ConfigSource) -> ConfigSource:
        """The source that remembers what this one says; one that is not Hydra's own stays."""
        kind = type(source)
        if not is_known(source) or kind.scheme() not in _REMEMBERING:  # which is in memory
            return source
        place = source.provider, source.full_path()
        if place in self._known:
            return self._known[place]
        made = _class(kind)(source, self._kept.get(place) or Contents())
        return self._known.setdefault(place, made)  # another thread may have been here

    def read_all_options(self, groups: Iterable[str]) -> None:
        """Reads all options of each group where jobs may come to.

        Args:
            groups: those that jobs choose options of; others are where the files lead that were
                read, and what stands below each.
        """
        sources = [*self._known.values()]
        new, done = {*groups}, set[str]()
        read = [(source, name) for source in sources for name in source.contents.files]
        while new := (new | {group for one, name in read for group in one.leads_to(name)}) - done:
            read = [
                (one, file) for one in sources for group in new for file in one.read_options(group)
            ]
            done |= new
            new = {below for one in sources for group in new for below in one.below(group)}

    def contents(self) -> dict[Place, Contents]:
        """What is known of each."""
        return {place: source.contents for place, source in self._known.items()}
