"""Both loaders over a tree, in a process that is restored afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from hydra import version

from tests.compose import changing
from tests.compose.both_ways import Comparison
from tests.compose.loaders import TREE, write
from tests.compose.tree import Tree
from tests.multirun.conftest import app as app
from tests.multirun.conftest import multirun as multirun
from tests.versions import HYDRA_1_3


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return write(tmp_path / "conf", TREE)


@pytest.fixture
def compared(
    plugins: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hydra_restore_singletons: None,
) -> Iterator[Callable[[Tree], Comparison]]:
    """Takes a tree, whose structured configs are registered until the test ends."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TURN", "0")
    if HYDRA_1_3:
        version.setbase("1.3")
    changing.register()
    folders = [tmp_path / "here", tmp_path / "there"]
    for folder in folders:
        folder.mkdir()
    with ExitStack() as stack:

        def over(tree: Tree) -> Comparison:
            stack.enter_context(tree.registered())
            return Comparison(tree, folders)

        yield over


@pytest.fixture
def over(
    compared: Callable[[Tree], Comparison], tmp_path: Path
) -> Callable[[Mapping[str, str]], Comparison]:
    """Takes the texts of a tree's files."""

    def written(files: Mapping[str, str]) -> Comparison:
        write(tmp_path / "conf", files)
        return compared(Tree(str(tmp_path / "tree.py"), lines=()))

    return written
