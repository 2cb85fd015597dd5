"""Config files as of the start of a sweep: in memory, and in its directory for its workers.

Hydra reads the file system for every config of every job. Here the YAML files of a config directory
are read once, so that an edit during a sweep does not affect its jobs. Sources keep Hydra's paths,
providers and texts: errors and `hydra.runtime.config_sources` stay the same.

`.sweep/configs` has a folder for each source of configs, named after its provider (`main`, and for
a search path `hydra-searchpath-in-main`, `hydra-searchpath-in-main-1`), with the files as in the
source. Hydra's own configs are installed with it, and structured ones are code: neither is copied.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import io
import logging
import os
import shutil
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from copy import copy
from importlib import resources
from pathlib import Path
from typing import Any, cast

from hydra._internal.config_repository import ConfigRepository
from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import OmegaConf

from params_proto._files import reason
from params_proto.compose.clone import clone
from params_proto.errors import SweepError

log = logging.getLogger(__name__)

# How many folders of a config directory are read at the start, the ones nearest its root first:
# with config_path="." it is the whole project, data included. Others are read when needed.
_FOLDERS = 1000
_OUTPUT = {".hydra", ".sweep", "multirun.yaml"}  # marks a folder written by Hydra


def unknown_source(sources: Iterable[ConfigSource]) -> str | None:
    """The first custom source of configs, whose configs may change each time; None without one."""
    for source in sources:
        if source.scheme() not in ("file", "pkg", "structured"):
            kind = type(source)
            return f"{source} is a {kind.__module__}.{kind.__qualname__}"
    return None


class _KeptSource(ConfigSource):
    """One of Hydra's file sources, over the current YAML files of a directory."""

    def __init__(self, source: ConfigSource, root: Path, name: str) -> None:
        vars(self).update(vars(source))
        self.name = name
        self.texts: dict[str, bytes] = {}
        self._folders = set[str]()
        self._root = root
        left = deque([""])  # paths in the directory, which is "" itself
        while left and len(self._folders) < _FOLDERS:
            folder = left.popleft()
            try:
                names = sorted(os.listdir(root / folder))
            except OSError:
                continue
            if folder and not _OUTPUT.isdisjoint(names):
                continue
            self._folders.add(folder)
            for name in names:
                path, file = f"{folder}/{name}".lstrip("/"), root / folder / name
                if name.endswith(".yaml"):
                    with suppress(OSError):  # reported by Hydra if a job chooses it
                        self.texts[path] = file.read_bytes()
                elif not name.startswith((".", "__pycache__")) and file.is_dir():
                    left.append(path)

    def available(self) -> bool:
        return "" in self._folders or super().available()  # type: ignore[safe-super]

    def is_group(self, config_path: str) -> bool:
        known = config_path in self._folders
        return known or super().is_group(config_path)  # type: ignore[safe-super]

    def is_config(self, config_path: str) -> bool:
        known = self._normalize_file_name(config_path) in self.texts
        return known or super().is_config(config_path)  # type: ignore[safe-super]

    def load_config(self, config_path: str) -> ConfigResult:
        name = self._normalize_file_name(config_path)
        if name not in self.texts:
            return super().load_config(config_path)  # type: ignore[safe-super]
        text = self.texts[name].decode()
        stream = cast("Any", io.StringIO(text, newline=None))
        stream.name = os.path.realpath(self._root / name)  # for YAML's errors
        return ConfigResult(
            config=OmegaConf.load(stream),
            path=f"{self.scheme()}://{self.path}",
            provider=self.provider,
            header=self._get_header_dict(text[:512]),
        )


class Repository(ConfigRepository):
    """Hydra's repository, reading and parsing each file once.

    Args:
        search_path: where to look.
        copies: the directory of copied files; None to read the original ones.
    """

    def __init__(self, search_path: ConfigSearchPath, copies: Path | None) -> None:
        self.prefixes: dict[tuple[str | None, ...], Any] = {}  # composed from these files
        self._copies = copies
        self._kept: dict[tuple[str, str], _KeptSource] = {}
        self._results: dict[tuple[object, ...], ConfigResult | None] = {}
        if copies is not None and not copies.is_dir():
            log.warning(
                f"{copies} cannot be accessed from here: configs are composed from the current"
                " state of the files that were copied there."
            )
        super().__init__(search_path)

    def __deepcopy__(self, memo: dict[int, Any]) -> Repository:
        # Each composition copies the repository, to change its search path: the rest can be shared.
        return copy(self)

    def initialize_sources(self, config_search_path: ConfigSearchPath) -> None:
        super().initialize_sources(config_search_path)
        self.sources = [*map(self._keeping, self.sources)]

    def load_config(self, config_path: str) -> ConfigResult | None:
        if unknown_source(self.sources) is not None:
            return super().load_config(config_path)
        key = (config_path, *[(source.provider, source.full_path()) for source in self.sources])
        if key not in self._results:
            self._results[key] = super().load_config(config_path)
        known = self._results[key]
        if known is None:
            return None
        result = copy(known)
        result.config, result.header = clone(known.config), {**known.header}
        return result

    def copy_files(self, folder: Path) -> None:
        """Copies the files of each source with a directory, replacing those of another sweep."""
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir(parents=True)
            folder.chmod(0o700)  # a config may have been readable only by its owner
            for source in self._kept.values():
                for path, text in source.texts.items():
                    file = folder / source.name / path
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(text)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise SweepError(
                f"{folder} cannot be written: {reason(error)}. The configs of a sweep are"
                " kept there for jobs that start later: remove what is in the way, or give it"
                " another hydra.sweep.dir."
            ) from error

    def _keeping(self, source: ConfigSource) -> ConfigSource:
        place = source.provider, source.full_path()
        has_files = source.scheme() in ("file", "pkg") and place[1] != "pkg://hydra.conf"
        if place in self._kept or not has_files:
            return self._kept.get(place, source)
        name = "".join(letter if letter.isalnum() else "-" for letter in source.provider)
        same = sum(provider == source.provider for provider, _ in self._kept)
        name = f"{name}-{same}" if same else name
        root = self._copies and self._copies / name
        if root is None or not root.is_dir():
            root = _directory_of(source)
        if root is None:
            return source
        kind = type(source)
        source_class: Any = type(kind.__name__, (_KeptSource, kind), {})
        return self._kept.setdefault(place, source_class(source, root, name))  # or another thread's


def _directory_of(source: ConfigSource) -> Path | None:
    """The directory of a source, if it has one."""
    if source.scheme() == "file":
        return Path(source.path).absolute()
    with suppress(ImportError, TypeError, ValueError):  # reported by Hydra
        found = resources.files(source.path)
        return found if isinstance(found, Path) else None
    return None
