"""Hydra's config loader, which composes a job's config from its base.

Three roads lead to the same config: from a base; by Hydra's own code over files that were parsed
before, where there is a doubt; and by Hydra's own code over the bytes of the files, where there is
an error, which is the user's to read, or where the first road turned out to differ or to fail.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from params_proto.compose import BY_HYDRA, counts, snapshot
from params_proto.compose.base import Base
from params_proto.compose.caches import Caches, caches, is_search_path
from params_proto.compose.copying import copied_fast
from params_proto.compose.difference import difference
from params_proto.compose.doubts import DoubtError
from params_proto.compose.job import resolve_again
from params_proto.compose.parsing import parsed
from params_proto.compose.sources import UnknownSourceError, refuse_unknown
from params_proto.errors import SweepError

log = logging.getLogger(__name__)

By = Callable[[ConfigLoaderImpl], DictConfig]
Ours = Callable[[], tuple[DictConfig, Base]]

# Hydra 1.4's.
_ensure_unchanged = getattr(ConfigLoaderImpl, "_ensure_sweep_config_controller_unchanged", None)


def _leading(overrides: Sequence[Override]) -> list[Override]:
    """Those of Hydra that stand first, if they say where to look for configs, as in each job."""
    first = [*takewhile(Override.is_hydra_override, overrides)]
    return first if any(map(is_search_path, first)) else []


def _remove(folder: Path) -> None:
    """Removes what is left there: of a link to another folder, the link."""
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)


class CachedLoader(ConfigLoaderImpl):
    """Hydra's loader, with caches. What is pickled of it are not these: see `caches`.

    Args:
        loader: Hydra's own.
        sweeps: whether jobs come through `load_sweep_config` alone, so that a config composed by
            `load_configuration` is none to compare.

    Raises:
        UnknownSourceError: a source of configs that is none of Hydra's own.
    """

    def __init__(self, loader: ConfigLoaderImpl, sweeps: bool) -> None:
        refuse_unknown(loader.repository.get_sources())
        vars(self).update(vars(loader))
        del vars(self)["repository"]
        self._token = uuid4().hex
        self._sweeps = sweeps
        self._pickled = False
        self._by_hydra_alone = False
        self._caches: Caches | None = None
        self._kept: tuple[Path, int] | None = None  # where files were written, and how many
        self._known()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_caches": None, "_pickled": True}

    @property
    def repository(self) -> ConfigRepository:  # type: ignore[override]
        """What everything else that Hydra asks of a loader looks into."""
        return self._known().parsed

    def keep(self, folder: Path, *, groups: Iterable[str] | None) -> None:
        """Writes the files that were read, which other processes compose from then on.

        Args:
            folder: where to. What another sweep has left there is removed.
            groups: those of which all options are read and written, too, and of each group that
                files lead to; None for no more than the files.
        """
        sources = self._known().sources
        if groups is not None:
            sources.read_all_options(groups)
        contents = sources.contents()
        files = sum(len(of_source.files) for of_source in contents.values())
        if self._kept == (folder, files):
            return
        try:
            if self._kept is None:
                _remove(folder)
            snapshot.write(folder, contents)
        except OSError as error:
            if self._kept is None:
                shutil.rmtree(folder, ignore_errors=True)
            raise SweepError(
                f"{folder} cannot be written: {error.strerror or error}. The configs of a sweep are"
                " kept there for jobs that start later: remove what is in the way, or give it"
                " another hydra.sweep.dir."
            ) from error
        # A process that has read the folder before is to read it again.
        self._kept, self._token = (folder, files), uuid4().hex

    def read_from(self, folder: Path) -> None:
        """Reads what was kept, as in a process that got this loader from the one that kept it."""
        self._kept, self._pickled = (folder, 0), True
        self._caches, self._token = None, uuid4().hex

    def load_configuration(self, *args: Any, **kwargs: Any) -> DictConfig:
        """See Hydra's."""
        return self._load_configuration_or_ask(*args, **kwargs)

    def _load_configuration_or_ask(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
        **later: Any,
    ) -> DictConfig:
        def by(loader: ConfigLoaderImpl) -> DictConfig:
            return loader.load_configuration(
                config_name, overrides, run_mode, from_shell, validate_sweep_overrides, **later
            )

        if run_mode is not RunMode.RUN or any(later.values()):
            return self._by_hydra(by)  # it is not a job's

        def ours() -> tuple[DictConfig, Base]:
            if self._known().has_aliases(self, config_name):
                raise DoubtError("overrides have aliases")
            lines = parsed(overrides)
            leading = _leading(lines)
            config, base = self._known().compose(config_name, leading, lines[len(leading) :])
            resolve_again(config, base)
            return config, base

        return self._composed(overrides, ours, by, in_sweep=False)

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """See Hydra's."""

        def by(loader: ConfigLoaderImpl) -> DictConfig:
            return loader.load_sweep_config(master_config, sweep_overrides)

        def ours() -> tuple[DictConfig, Base]:
            hydra = master_config.hydra
            leading = cast("list[str]", OmegaConf.to_container(hydra.overrides.hydra))
            config, base = self._known().compose(
                hydra.job.config_name, parsed(leading), parsed(sweep_overrides)
            )
            if _ensure_unchanged is not None:
                _ensure_unchanged(master_config=master_config, sweep_config=config)
            OmegaConf.copy_cache(from_config=master_config, to_config=config)
            return config, base

        return copied_fast(self._composed(sweep_overrides, ours, by, in_sweep=True))

    def _composed(
        self,
        lines: Sequence[str],
        ours: Ours,
        by: By,
        in_sweep: bool,
    ) -> DictConfig:
        known = self._known()
        made = None if self._by_hydra_alone else self._from_base(ours)
        if isinstance(made, tuple):
            config, base = made
            if in_sweep is not self._sweeps or not known.comparison.due(base):
                counts.from_bases += 1
                return config
            expected = by(known.hydras(self, parsed=False))
            found = difference(config, expected, caches=in_sweep)
            if found is None:
                counts.from_bases += 1
                return config
            self._turn_to_hydra(lines, f"in another way than Hydra: {found}")
            config = expected
        elif isinstance(made, DoubtError):
            log.debug(f"{' '.join(lines)} is composed by Hydra's own code: {made}")
            config = self._by_hydra(by)
        else:
            if isinstance(made, UnknownSourceError):
                self._by_hydra_alone = True
                log.info(f"{BY_HYDRA}: {made}.")
            # Not in the handler of an error, which would show the user two of them.
            config = by(known.hydras(self, parsed=False))
            if isinstance(made, Exception) and not self._by_hydra_alone:
                self._turn_to_hydra(lines, f"not at all ({type(made).__name__}: {made})")
        counts.by_hydra += 1
        return config

    def _from_base(self, ours: Ours) -> tuple[DictConfig, Base] | Exception:
        try:
            return ours()
        except Exception as error:  # Hydra's code raises it as well, or this does not fit Hydra
            return error

    def _by_hydra(self, by: By) -> DictConfig:
        known = self._known()
        with suppress(Exception):  # which comes again, from the bytes of the files
            return by(known.hydras(self, parsed=True))
        return by(known.hydras(self, parsed=False))

    def _turn_to_hydra(self, lines: Sequence[str], how: str) -> None:
        self._by_hydra_alone = True
        log.warning(
            f"hydra.sweeper.compose=cached composes the config of {' '.join(lines) or 'a job'}"
            f" {how}. All configs are composed by Hydra from here on, as with"
            " hydra.sweeper.compose=hydra."
        )

    def _known(self) -> Caches:
        if self._caches is None:
            folder = self._kept and self._kept[0]
            self._caches = caches(self._token, self.config_search_path, self._pickled, folder)
        return self._caches
