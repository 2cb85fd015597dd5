"""What cannot be composed: the error is Hydra's, of its type and in its words."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.core.singleton import Singleton
from omegaconf import DictConfig, OmegaConf

from tests.compose.roads import TREE, cached, hydras, master, write

LARGE = {
    **TREE,
    "config": "defaults: [typed: typed, _self_, db: mysql, optional opt: none]\n"
    "lr: 0.1\nseed: 0\nlayers: [1, 2]\nnode: {a: 1}\nlost: ${nowhere}\nneeded: ???\n",
    "db/broken": "driver: [\n",
    "db/twice": "driver: a\ndriver: b\n",
    "db/self": "defaults: [self]\n",
    "db/chain": "defaults: [missing]\n",
    "db/lost": "defaults: [/typed: ${nowhere}]\n",
    "db/needed": "defaults: [/typed: ???]\n",
    "db/strange": "defaults: {typed: typed, more: 3}\n",
    "db/overriding": "# @package _global_\ndefaults: [override /none: x]\n",
    "db/late": "defaults: [override /db: pg]\n",
    "db/twofold": "defaults: [/typed: typed, /typed: typed]\n",
    "db/mistyped": "# @package _global_\ntyped: {n: many}\n",
    "db/unknown": "# @package _global_\ntyped: {nokey: 1}\n",
    "db/frozen": "# @package _global_\ntyped: {fixed: {x: 1}}\n",
    "db/tab": "a:\n\t- 1\n",
    "db/ends": "# @package _global_\nhydra: {job: {nonsense: 1}}\n",
    "db/wrong": "# @package _global_\nhydra: {job: {num: many}}\n",
    "db/searching": "# @package _global_\nhydra: {searchpath: ['file:///nowhere']}\n",
    "other/one": "x: 1\n",
}

JOBS = {
    "unknown-key": ["nokey=1"],
    "unknown-key-nested": ["db.nokey=1"],
    "unknown-option": ["db=nodb"],
    "unknown-group": ["nogroup=x"],
    "unknown-option-appended": ["+other=two"],
    "group-appended-twice": ["+db=pg"],
    "group-not-in-the-defaults": ["other=one"],
    "group-at-another-package": ["db@backup=pg"],
    "group-renamed": ["db@db:x=pg"],
    "package-of-a-value": ["lr@x=1"],
    "delete-missing": ["~nokey"],
    "delete-of-another-value": ["~lr=5"],
    "delete-of-another-option": ["~db=pg"],
    "delete-of-a-missing-group": ["~other"],
    "append-existing": ["+lr=1"],
    "set-below-a-value": ["lr.x=1"],
    "index-beyond": ["layers.7=1"],
    "index-no-number": ["layers.a=1"],
    "wrong-type": ["typed.n=many"],
    "unknown-key-of-a-class": ["typed.nokey=1"],
    "no-member-of-an-enum": ["typed.kind=PURPLE"],
    "none-where-one-is-needed": ["typed.n=null"],
    "none-of-a-union": ["typed.either=[1]"],
    "list-of-another-type": ["typed.all=[a]"],
    "read-only": ["typed.fixed.x=1"],
    "read-only-group": ["db=frozen"],
    "wrong-type-of-hydra": ["hydra.job.num=many"],
    "unknown-key-of-hydra": ["hydra.nonsense=1"],
    "missing-key-of-hydra": ["hydra.job.config.override_dirname.nokey=1"],
    "below-an-interpolation": ["lost.x=1"],
    "merge-into-an-interpolation": ["+lost={a: 1}"],
    "two-values": ["db=[pg,nodb]"],
    "option-with-a-dict": ["db={x: 1}"],
    "a-sweep": ["lr=1,2"],
    "a-sweep-function": ["lr=range(3)"],
    "no-grammar": ["lr=[1"],
    "no-value": ["lr"],
    "no-key": ["=1"],
    "searchpath-no-list": ["hydra.searchpath=x"],
    "searchpath-wrong": ["hydra.searchpath=[1]"],
    "env-not-set": ["hydra.job.env_copy=[NO_SUCH_VARIABLE]"],
    "files-wrong-type": ["db=mistyped"],
    "files-unknown-key-of-a-class": ["db=unknown"],
    "files-not-utf8": ["db=latin"],
    "files-broken": ["db=broken"],
    "files-a-key-twice": ["db=twice"],
    "files-circular": ["db=self"],
    "files-missing": ["db=chain"],
    "files-lost-interpolation": ["db=lost"],
    "files-choice-needed": ["db=needed"],
    "files-strange-defaults": ["db=strange"],
    "files-override-of-none": ["db=overriding"],
    "files-override-late": ["db=late"],
    "files-one-group-twice": ["db=twofold"],
    "files-tab": ["db=tab"],
    "files-unknown-hydra": ["db=ends"],
    "files-wrong-type-of-hydra": ["db=wrong"],
    "files-searchpath-not-primary": ["db=searching"],
    "twice-in-a-job": ["db=pg", "db=nodb"],
}


class Kind(Enum):
    RED = 1


@dataclass
class Typed:
    n: int = 1
    kind: Kind = Kind.RED
    either: int | str = 1
    all: list[int] = field(default_factory=lambda: [1])
    fixed: Any = field(default_factory=lambda: {"x": 0})


class Outcome(NamedTuple):
    """How a composition ended, as whoever reads the terminal knows it."""

    type: type[BaseException]
    text: str
    causes: tuple[str, ...]


def outcome(loader: ConfigLoaderImpl, multirun: DictConfig, job: list[str]) -> Outcome | None:
    try:
        loader.load_sweep_config(multirun, job)
    except Exception as error:
        causes = [
            line
            for line in traceback.format_exception(error)
            if not line.startswith(("  ", "Traceback"))
        ]
        return Outcome(type(error), str(error), tuple(causes))
    return None


class Both(NamedTuple):
    hydras: ConfigLoaderImpl
    ours: ConfigLoaderImpl
    multirun: DictConfig


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """One loader of each kind for all jobs: what it remembers of one must not change another."""
    Plugins.instance()
    state = deepcopy(Singleton.get_state())
    typed = OmegaConf.structured(Typed)
    OmegaConf.set_readonly(typed.fixed, True)
    ConfigStore.instance().store("typed", typed, group="typed")
    folder = write(tmp_path_factory.mktemp("conf"), LARGE)
    (folder / "db" / "latin.yaml").write_bytes("driver: \u00fc\n".encode("latin-1"))
    own = hydras(folder)
    yield Both(own, cached(folder), master(own))
    Singleton.set_state(state)


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS.keys())
def test_the_error_is_hydras(both: Both, job: list[str]) -> None:
    expected = outcome(both.hydras, both.multirun, job)
    assert expected is not None
    assert outcome(both.ours, both.multirun, job) == expected
    assert outcome(both.ours, both.multirun, ["seed=1"]) is None


APP = """\
import hydra

@hydra.main(config_path="conf", config_name="config", version_base=None)
def main(config):
    pass

main()
"""


@pytest.mark.parametrize("job", ["db=pg,nodb", "db=pg,astray"])
def test_the_terminal_shows_the_same(
    tmp_path: Path, python: Any, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # Hydra sees a debugger in it
    write(tmp_path / "conf", {**TREE, "db/astray": "defaults: [missing]\n"})
    (tmp_path / "app.py").write_text(APP)
    sweep = ["app.py", "-m", "hydra/sweeper=params_proto", job]
    stock = python(*sweep, "hydra.sweeper.compose=hydra", status=1).stderr
    assert "In 'config': Could not find 'db/nodb'" in stock or "db/missing" in stock
    assert python(*sweep, status=1).stderr == stock
