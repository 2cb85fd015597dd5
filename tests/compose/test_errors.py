"""Configs that cannot be composed raise Hydra's own errors."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.core.singleton import Singleton
from omegaconf import DictConfig, OmegaConf

from tests.compose.loaders import TREE, cached, hydras, master, write

LARGE = {
    **TREE,
    "config": "defaults: [typed: typed, _self_, db: mysql, optional opt: none]\n"
    "lr: 0.1\nseed: 0\nlayers: [1, 2]\nnode: {a: 1}\nlost: ${nowhere}\nneeded: ???\n",
    "db/broken": "driver: [\n",
    "db/chain": "defaults: [missing]\n",
    "db/needed": "defaults: [/typed: ???]\n",
    "db/late": "defaults: [override /db: pg]\n",
    "db/mistyped": "# @package _global_\ntyped: {n: many}\n",
    "db/frozen": "# @package _global_\ntyped: {fixed: {x: 1}}\n",
    "db/ends": "# @package _global_\nhydra: {job: {nonsense: 1}}\n",
    "db/searching": "# @package _global_\nhydra: {searchpath: ['file:///nowhere']}\n",
    "other/one": "x: 1\n",
}

JOBS = {
    "unknown-key": ["nokey=1"],
    "unknown-option": ["db=nodb"],
    "group-appended-twice": ["+db=pg"],
    "group-at-another-package": ["db@backup=pg"],
    "package-of-a-value": ["lr@x=1"],
    "delete-missing": ["~nokey"],
    "delete-of-another-option": ["~db=pg"],
    "append-existing": ["+lr=1"],
    "wrong-type": ["typed.n=many"],
    "read-only": ["typed.fixed.x=1"],
    "wrong-type-of-hydra": ["hydra.job.num=many"],
    "below-an-interpolation": ["lost.x=1"],
    "option-with-a-dict": ["db={x: 1}"],
    "a-sweep": ["lr=1,2"],
    "no-grammar": ["lr=[1"],
    "searchpath-no-list": ["hydra.searchpath=x"],
    "env-not-set": ["hydra.job.env_copy=[NO_SUCH_VARIABLE]"],
    "files-broken": ["db=broken"],
    "files-missing": ["db=chain"],
    "files-choice-needed": ["db=needed"],
    "files-override-late": ["db=late"],
    "files-wrong-type": ["db=mistyped"],
    "files-read-only": ["db=frozen"],
    "files-unknown-hydra": ["db=ends"],
    "files-searchpath-not-primary": ["db=searching"],
}


@dataclass
class Typed:
    n: int = 1
    fixed: Any = field(default_factory=lambda: {"x": 0})


def outcome(loader: ConfigLoaderImpl, multirun: DictConfig, job: list[str]) -> list[str] | None:
    """What the terminal shows of a composition error, without the places in the code."""
    try:
        loader.load_sweep_config(multirun, job)
    except Exception as error:
        lines = traceback.format_exception(error)
        return [line for line in lines if not line.startswith(("  ", "Traceback"))]
    return None


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ConfigLoaderImpl, ConfigLoaderImpl, DictConfig]]:
    """One loader of each kind for all jobs: what it caches for one must not change another."""
    Plugins.instance()
    state = deepcopy(Singleton.get_state())
    typed = OmegaConf.structured(Typed)
    OmegaConf.set_readonly(typed.fixed, True)
    ConfigStore.instance().store("typed", typed, group="typed")
    folder = write(tmp_path_factory.mktemp("conf"), LARGE)
    own = hydras(folder)
    yield own, cached(folder), master(own)
    Singleton.set_state(state)


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS.keys())
def test_the_error_is_hydras(both: Any, job: list[str]) -> None:
    own, ours, multirun = both
    expected = outcome(own, multirun, job)
    assert expected is not None
    assert outcome(ours, multirun, job) == expected
    assert outcome(ours, multirun, ["seed=1"]) is None
