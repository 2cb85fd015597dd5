"""Composes one list of overrides both ways in one process."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, ValueNode
from omegaconf.errors import OmegaConfBaseException

from params_proto.compose import cached_loader, share_prefixes
from params_proto.compose.clone import difference
from tests.compose import changing
from tests.compose.counting import counts
from tests.compose.tree import Tree

Lines = Sequence[str]

LOADER = logging.getLogger("params_proto.compose.loader")


@dataclass
class Count:
    """How many configs were composed both ways.

    Args:
        all: the failures, which were compared as well, among them.
        valid: those that are configs.
        from_prefix: those of them that came from a prefix.
        reasons: why others did not.
    """

    all: int = 0
    valid: int = 0
    from_prefix: int = 0
    reasons: Counter[str] = field(default_factory=Counter[str])


class Comparison:
    """Compares our loader with Hydra's over one tree; ours keeps its caches from call to call.

    Args:
        tree: its structured configs are registered.
        folders: two directories to be in, by turns.
    """

    def __init__(self, tree: Tree, folders: Sequence[Path]) -> None:
        self.count = Count()
        self._tree = tree
        self._folders = folders
        self._sweeping = cached_loader(tree.hydras())
        self._single = cached_loader(tree.hydras())
        for loader in (self._sweeping, self._single):
            share_prefixes(loader)

    def compare_sweep(self, master: Lines, jobs: Sequence[Lines]) -> None:
        """Asserts that the jobs of a multirun are equal.

        Args:
            master: the overrides of the multirun.
            jobs: those of each job. Those of the multirun that are not Hydra's come first.
        """
        changing.turn(self._folders)
        of_sweep = _outcome(
            lambda: self._tree.hydras().load_configuration(
                self._tree.config, [*master], RunMode.MULTIRUN
            )
        )
        if not isinstance(of_sweep, DictConfig):
            return  # before there are jobs
        fixed: Any = OmegaConf.to_container(of_sweep.hydra.overrides.task)
        for job in jobs:
            self._compare(
                lambda loader, job=job: loader.load_sweep_config(of_sweep, [*fixed, *job]),
                self._sweeping,
            )

    def compare_single(self, runs: Sequence[Lines]) -> None:
        """Asserts that the configs of runs of one job each are equal."""
        config = self._tree.config
        for lines in runs:
            self._compare(
                lambda loader, lines=lines: loader.load_configuration(
                    config, [*lines], RunMode.RUN
                ),
                self._single,
            )

    def _compare(self, compose: Callable[[Any], DictConfig], loader: ConfigLoader) -> None:
        changing.turn(self._folders)
        before = counts["from_prefixes"]
        with _heard() as heard:
            ours = _outcome(lambda: compose(loader))
        stocks = _outcome(lambda: compose(self._tree.hydras()))
        assert not [record for record in heard if record.levelno >= logging.WARNING]
        self.count.all += 1
        if not isinstance(ours, DictConfig) or not isinstance(stocks, DictConfig):
            assert ours == stocks
            return
        self.count.valid += 1
        self.count.from_prefix += counts["from_prefixes"] - before
        self.count.reasons.update(record.getMessage().rpartition(": ")[2] for record in heard)
        copy = deepcopy(ours)
        assert difference(copy, stocks) is None
        _spoil(copy)
        assert difference(ours, stocks) is None
        assert _read(ours) == _read(stocks)
        _spoil(ours)


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """The cached loader's log: that a config, or all of them, are left to Hydra's own code."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append
    level = LOADER.level
    LOADER.addHandler(handler)
    LOADER.setLevel(logging.DEBUG)
    yield records
    LOADER.setLevel(level)
    LOADER.removeHandler(handler)


def _outcome(compose: Callable[[], DictConfig]) -> DictConfig | list[str]:
    """The config, or the error as the user sees it."""
    try:
        return compose()
    except Exception as error:
        chain = [error, error.__cause__]
        return [f"{type(each).__name__}: {_message(each)}" for each in chain]


def _read(config: DictConfig) -> list[str]:
    """What a task reads, with interpolations resolved, as text, where 1 is not True."""
    return [_text(config, key) for key in config if key != "hydra"]


def _text(config: DictConfig, key: Any) -> str:
    try:
        value: Any = config[key]
        plain = OmegaConf.is_config(value)
        return repr(OmegaConf.to_container(value, resolve=True) if plain else value)
    except OmegaConfBaseException as error:
        return _message(error)


def _message(error: BaseException | None) -> str:
    """The message, without what Python adds because of the depth of the stack."""
    return re.sub("(maximum recursion depth exceeded).*", r"\1", str(error))


def _spoil(node: Any) -> None:
    """Changes everything in a config, in case it is shared with another."""
    node._metadata.flags.update(struct=False, readonly=False, spoilt=True)
    node._metadata.resolver_cache["spoilt"] = {"spoilt": "spoilt"}
    if isinstance(node, ValueNode):
        node._val = "spoilt"
        return
    content = node._content
    children = content.values() if isinstance(content, dict) else content
    if isinstance(children, str) or children is None:
        return
    for child in children if not hasattr(children, "_metadata") else [children]:
        _spoil(child)
    if isinstance(content, (dict, list)):
        content.clear()
