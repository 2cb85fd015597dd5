"""The configs of a sweep as they were when it began, in its directory: `.sweep/configs`.

A job of a cluster may start hours after its sweep. It composes from these files, whatever has
become of those that they were copied from. There is a folder for each source of configs, in which
the files stand as in the source, and `index.json`, which is written last:

    {"sources": [{"provider": "main", "path": "file:///home/me/app/conf",
                  "files": {"db/pg.yaml": "1-main/db/pg.yaml"},
                  "answers": [["config", "db/pg", null, true]]}]}

`answers` is what the source said of what it has: the question, its path, its filter, the answer.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from hydra.core.object_type import ObjectType

from params_proto import _files
from params_proto.compose.sources import Contents, Place, Question

log = logging.getLogger(__name__)

INDEX = "index.json"


def write(folder: Path, sources: Mapping[Place, Contents]) -> None:
    """Writes what is known of some sources; files that the folder holds already stay.

    Args:
        folder: it is made if need be.
        sources: Hydra's own configs, which are installed with it, are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # a config may have been readable by its owner alone
    index: list[dict[str, Any]] = []
    for number, ((provider, path), contents) in enumerate(sources.items()):
        if path == "pkg://hydra.conf":
            continue
        name = f"{number}-{''.join(c if c.isalnum() else '-' for c in provider)}"
        files = {file: f"{name}/{_inside(file)}" for file in contents.files}
        for file, content in contents.files.items():
            copy = folder / files[file]
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
        answers = [
            [what, of, kind and kind.name, answer]
            for (what, of, kind), answer in contents.answers.items()
        ]
        index.append({"provider": provider, "path": path, "files": files, "answers": answers})
    _files.write(folder / INDEX, [json.dumps({"sources": index}, indent=1)], lasting=False)


def _inside(file: str) -> str:
    """A path within a folder for one that may lead out of its source.

    >>> _inside("db/pg.yaml"), _inside("../shared/db.yaml")
    ('db/pg.yaml', '_up/shared/db.yaml')
    """
    parts = [part for part in PurePosixPath(file).parts if part != "/"]
    return "/".join("_up" if part == ".." else part for part in parts)


def read(folder: Path) -> dict[Place, Contents]:
    """What was written; nothing, which the log says, where that cannot be read from here.

    Args:
        folder: what `write` was given.
    """
    try:
        return _contents(folder)
    except Exception as error:  # whatever has become of it
        told = f"{type(error).__name__}: {error}"
        unseen = isinstance(error, FileNotFoundError) and not folder.exists()
        _tell(
            logging.INFO if unseen else logging.WARNING,
            f"{folder / INDEX} cannot be read ({told}): configs are composed from the files that"
            " they were copied from, as these are now.",
        )
        return {}


def _contents(folder: Path) -> dict[Place, Contents]:
    found: dict[Place, Contents] = {}
    for source in json.loads((folder / INDEX).read_text())["sources"]:
        answers: dict[Question, Any] = {
            (what, of, kind and ObjectType[kind]): answer
            for what, of, kind, answer in source["answers"]
        }
        files = {name: (folder / copy).read_bytes() for name, copy in source["files"].items()}
        found[source["provider"], source["path"]] = Contents(files, answers)
    return found


@cache  # for a worker that is used again reads it for each batch
def _tell(level: int, text: str) -> None:
    log.log(level, text)
