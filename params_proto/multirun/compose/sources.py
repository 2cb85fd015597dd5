"""Hydra's sources of configs, each asked once: what is in a file stays what it was when read.

Hydra looks into the file system for every config of every job. These sources remember the answers
and the bytes of each file, so that a file edited while a sweep runs changes none of its jobs. They
have Hydra's paths, providers and texts: errors and `hydra.runtime.config_sources` stay the same.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import io
from importlib import resources
from os.path import join, realpath
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.core_plugins.importlib_resources_config_source import (
    ImportlibResourcesConfigSource,
)
from hydra._internal.core_plugins.structured_config_source import StructuredConfigSource
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import OmegaConf


class UnknownSourceError(Exception):
    """A source of configs that is none of Hydra's own: it may give another config each time."""


class _Named(io.BytesIO):
    """Bytes with the name of their file, which YAML's errors show."""

    name: str


class _Remembering(ConfigSource):
    """A source of files that is asked once.

    Attributes:
        files: the bytes of the files that were read, by their path inside the source.
    """

    def __init__(self, source: ConfigSource) -> None:
        vars(self).update(vars(source))
        self.files: dict[str, bytes] = {}
        self._answers: dict[tuple[object, ...], Any] = {}

    def available(self) -> bool:
        if ("available",) not in self._answers:
            self._answers["available",] = super().available()  # type: ignore[safe-super]
        return self._answers["available",]

    def is_group(self, config_path: str) -> bool:
        question = "group", config_path
        if question not in self._answers:
            self._answers[question] = super().is_group(config_path)  # type: ignore[safe-super]
        return self._answers[question]

    def is_config(self, config_path: str) -> bool:
        question = "config", config_path
        if question not in self._answers:
            self._answers[question] = super().is_config(config_path)  # type: ignore[safe-super]
        return self._answers[question]

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        question = "list", config_path, results_filter
        if question not in self._answers:
            found = super().list(config_path, results_filter)  # type: ignore[safe-super]
            self._answers[question] = found
        return [*self._answers[question]]

    def _parsed(self, config_path: str, place: Any) -> ConfigResult:
        """What Hydra's own sources make of a file."""
        content = self.files.get(config_path)
        if content is None:
            content = self.files[config_path] = place.read_bytes()
        stream = _Named(content)
        stream.name = str(place)
        with io.TextIOWrapper(stream, encoding="utf-8") as file:
            header = self._get_header_dict(file.read(512))
            file.seek(0)
            config = OmegaConf.load(file)
        path = f"{self.scheme()}://{self.path}"
        return ConfigResult(config=config, path=path, provider=self.provider, header=header)


class _File(_Remembering, FileConfigSource):
    def load_config(self, config_path: str) -> ConfigResult:
        name = self._normalize_file_name(config_path)
        place = Path(realpath(join(self.path, name)))
        if name not in self.files and not place.exists():
            return super().load_config(config_path)  # says so
        return self._parsed(name, place)


class _Package(_Remembering, ImportlibResourcesConfigSource):
    def load_config(self, config_path: str) -> ConfigResult:
        name = self._normalize_file_name(config_path)
        place = resources.files(self.path).joinpath(name)
        if name not in self.files and not place.is_file():
            return super().load_config(config_path)
        return self._parsed(name, place)


class Sources:
    """The sources of one loader, which every search path of it shares."""

    def __init__(self) -> None:
        self._known: dict[tuple[type, str, str], ConfigSource] = {}

    def remembering(self, source: ConfigSource) -> ConfigSource:
        """The source that remembers what this one says.

        Raises:
            UnknownSourceError: it is none of Hydra's own.
        """
        kind = type(source)
        if kind is StructuredConfigSource:  # already in memory
            return source
        if kind not in (FileConfigSource, ImportlibResourcesConfigSource):
            raise UnknownSourceError(f"{source} is a {kind.__module__}.{kind.__qualname__}")
        key = kind, source.provider, source.path
        if key not in self._known:
            self._known[key] = (_File if kind is FileConfigSource else _Package)(source)
        return self._known[key]

    def files(self) -> dict[tuple[str, str], dict[str, bytes]]:
        """The files that were read, by the provider and the full path of their source."""
        return {
            (source.provider, source.full_path()): dict(source.files)
            for source in self._known.values()
            if isinstance(source, _Remembering)
        }
