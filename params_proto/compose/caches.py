"""What a loader has composed, kept by the process: a loader that is pickled finds it there."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.defaults_list import Overrides
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from params_proto.compose import snapshot
from params_proto.compose.base import Base, Bases
from params_proto.compose.comparison import Comparison
from params_proto.compose.doubts import DoubtError
from params_proto.compose.job import job
from params_proto.compose.recent import Recent
from params_proto.compose.repository import Parsed, Remembered
from params_proto.compose.sources import Contents, Place, Sources

# A job is composed to be checked, and again to be launched: where each has a base of its own, those
# whose bases have no more nodes than this find theirs again. A node takes some 650 bytes: 64 MiB in
# all, for hundreds of bases or, of a large config, for tens.
_NODES = 100_000
_LEAST = 4  # bases, of however many nodes
_PLACES = 256
_LOADERS = 2  # a worker that is used again has one, an interactive session some one by one


class Caches:
    """All that one search path gives.

    Args:
        search_path: where to look for configs.
        once: whether to compare the first base only.
        kept: the files of some sources.
    """

    def __init__(
        self, search_path: ConfigSearchPath, once: bool, kept: Mapping[Place, Contents]
    ) -> None:
        self.sources = Sources(kept)
        self.parsed = Parsed(search_path, self.sources)
        self.remembered = Remembered(search_path, self.sources)
        self.comparison = Comparison(once)
        self._making = Bases(search_path, self.parsed)
        self._bases: Recent[tuple[object, ...], Base | str] = Recent(_NODES, _nodes, _LEAST)
        self._places: Recent[tuple[object, ...], object] = Recent(_PLACES)
        self._aliases: dict[str | None, bool] = {}

    def compose(
        self, config_name: str | None, leading: Sequence[Override], own: Sequence[Override]
    ) -> tuple[DictConfig, Base]:
        """Composes a job from its base.

        Args:
            config_name: the primary config.
            leading: the overrides that all jobs have.
            own: those of the job.

        Raises:
            DoubtError: the job needs Hydra's own road.
            Exception: the composition fails.
        """
        for override in (*leading, *own):
            if override.is_sweep_override():
                raise DoubtError(f"{override.input_line} is a sweep")
        if any(map(is_search_path, own)):
            raise DoubtError("a job has a search path of its own")
        run = (config_name, *[override.input_line for override in leading])
        places = self._places.get(run, lambda: self._making.places(config_name, leading))
        of_all = [override for override in leading if _chooses(override, places)]
        of_job = [override for override in own if _chooses(override, places)]
        base = self._base(run, config_name, leading, of_all, of_job)
        chosen = {id(override) for override in of_job}
        values = [override for override in own if id(override) not in chosen]
        return job(base, own, values), base

    def _base(
        self,
        run: tuple[object, ...],
        config_name: str | None,
        leading: Sequence[Override],
        of_all: Sequence[Override],
        of_job: Sequence[Override],
    ) -> Base:
        key = (version.getbase(), run, *[override.input_line for override in of_job])
        base = self._bases.get(key, lambda: self._made(config_name, leading, [*of_all, *of_job]))
        if isinstance(base, str):
            raise DoubtError(base)
        return base

    def _made(
        self, config_name: str | None, leading: Sequence[Override], groups: Sequence[Override]
    ) -> Base | str:
        try:
            return self._making.base(config_name, leading, groups)
        except DoubtError as doubt:
            return str(doubt)  # which has not, as its traceback, all that was composed

    def has_aliases(self, loader: ConfigLoaderImpl, config_name: str | None) -> bool:
        """Whether lines are not what they say, as from Hydra 1.4 on."""
        read = getattr(loader, "get_override_aliases", None)
        if config_name not in self._aliases:
            self._aliases[config_name] = read is not None and bool(read(config_name).targets)
        return self._aliases[config_name]

    def hydras(self, loader: ConfigLoaderImpl, parsed: bool) -> ConfigLoaderImpl:
        """Hydra's own loader over the same files.

        Args:
            loader: the one to take the place of.
            parsed: whether it parses each file once.
        """
        own = object.__new__(ConfigLoaderImpl)
        vars(own).update(vars(loader))
        own.repository = self.parsed if parsed else self.remembered
        return own


def _nodes(base: Base | str) -> int:
    return base.template.nodes if isinstance(base, Base) else 1


def is_search_path(override: Override) -> bool:
    """Whether an override says where to look for configs."""
    return override.key_or_group.startswith("hydra.searchpath")


def _chooses(override: Override, places: object) -> bool:
    """Whether an override chooses a group's option, by Hydra's rule."""
    return not Overrides(places, [override]).config_overrides  # type: ignore[arg-type]


_known: dict[str, Caches] = {}
_lock = Lock()


def caches(
    token: str, search_path: ConfigSearchPath, once: bool, folder: Path | None = None
) -> Caches:
    """Those of a loader in this process.

    Args:
        token: the loader's.
        search_path: where it looks for configs.
        once: whether another process has compared bases.
        folder: where the files were kept that the sweep began with.
    """
    with _lock:
        if token not in _known:
            kept = {} if folder is None else snapshot.read(folder)
            _known[token] = Caches(search_path, once, kept)
            if len(_known) > _LOADERS:
                del _known[next(iter(_known))]
        return _known[token]
