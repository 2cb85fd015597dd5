"""A sweep reads each file once: edits while it runs affect only the next one."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig
from yaml import YAMLError

from params_proto.multirun import options, sweep_dir
from tests.compose.loaders import append, write


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a sweep of four jobs be checked job by job."""
    monkeypatch.setattr(sweep_dir, "MAX_CHECKED_AT_START", 2)
    monkeypatch.setattr(options, "BATCH", 1)


def edits(app: Path, **texts: str) -> Callable[[DictConfig], Any]:
    """A task that writes these options of `db` and returns what it was given."""

    def task(config: DictConfig) -> Any:
        for name, text in texts.items():
            (app / "conf" / "db" / f"{name}.yaml").write_text(text)
        return dict(config.db)

    return task


PG = {"driver": "pg", "port": 5432, "engine": {"kind": "inno"}}
MYSQL = {"driver": "mysql", "port": 3306}


def test_a_sweep_and_the_next(multirun: Any, app: Path) -> None:
    task = edits(app, mysql="port: 1\n", pg="port: 2\n")
    assert multirun("db=mysql,pg,mysql", task=task).values == [MYSQL, PG, MYSQL]
    next_one = multirun("db=mysql,pg", task=task, to="next")
    assert next_one.values == [{"port": 1}, {"port": 2}]
    kept = (next_one.directory / ".sweep" / "configs" / "main" / "db").glob("*.yaml")
    assert sorted(path.read_text() for path in kept) == ["port: 1\n", "port: 2\n"]


def test_a_sweep_of_one_job_keeps_the_files_too(multirun: Any, app: Path) -> None:
    done = multirun("db=mysql", task=edits(app, mysql="port: 1\n"))
    assert done.values == [MYSQL]
    assert "3306" in (done.directory / ".sweep/configs/main/db/mysql.yaml").read_text()


def test_an_option_that_goes_stays(multirun: Any, app: Path) -> None:
    def task(config: DictConfig) -> Any:
        (app / "conf" / "db" / "pg.yaml").unlink(missing_ok=True)
        (app / "conf" / "config.yaml").write_text("broken: [\n")
        return config.db.port

    assert multirun("db=pg,mysql,pg", task=task).values == [5432, 3306, 5432]
    with pytest.raises(YAMLError, match=r"in .*/config\.yaml"):
        multirun("db=pg", to="next")


@pytest.mark.parametrize("place", ["command-line", "main"])
def test_another_search_path(multirun: Any, app: Path, place: str) -> None:
    other = write(app / "more", {"db/other": "port: 7\n"}) / "db" / "other.yaml"
    path = f"[file://{app}/more]"
    if place == "main":
        append(app / "conf", f"hydra: {{searchpath: {path}}}\n")

    def task(config: DictConfig) -> Any:
        other.write_text("port: 8\n")
        return config.db.port

    given = [f"hydra.searchpath={path}"] if place == "command-line" else []
    run = multirun("db=other,pg,other", *given, task=task)
    assert run.values == [7, 5432, 7]
    (kept,) = (run.directory / ".sweep" / "configs").rglob("other.yaml")
    assert kept.read_text() == "port: 7\n"


@pytest.mark.parametrize(
    ("files", "option", "file"),
    [
        ({"db/cloud/pg": "mark: 1\n"}, "cloud/pg", "db/cloud/pg"),
        ({"db/deep": "defaults:\n- part/of@_here_: one\n"}, "deep", "db/part/of/one"),
        ({"db/deep": "defaults:\n- /far/away@_global_.far: [one]\n"}, "deep", "far/away/one"),
        ({"db/deep": "defaults:\n- optional /far: one\n"}, "deep", "far/one"),
        ({"db/deep": "defaults:\n- /far: next\n", "far/next": "defaults: [away: one]\n"}, "deep", "far/away/one"),
    ],
    ids=["option", "below", "package", "optional", "chain"],
)  # fmt: skip
def test_files_that_only_later_jobs_lead_to(
    multirun: Any, app: Path, large: None, files: dict[str, str], option: str, file: str
) -> None:
    """A sweep that is checked batch by batch, whose later options no job has chosen yet."""
    conf = write(app / "conf", {**files, "db/broken": "defaults: [\n", file: "mark: 1\n"})

    def task(config: DictConfig) -> str:
        write(conf, {file: "mark: 2\n"})
        return str(config)

    assert "'mark': 1" in multirun(f"db=mysql,pg,{option}", task=task).values[-1]


@pytest.mark.parametrize("kind", ["dangling", "folder", "forbidden"])
def test_an_option_that_cannot_be_read_and_is_not_chosen(
    multirun: Any, app: Path, kind: str
) -> None:
    option = app / "conf" / "db" / "odd.yaml"
    if kind == "dangling":
        option.symlink_to("nowhere.yaml")
    elif kind == "folder":
        option.mkdir()
    else:
        option.write_text("port: 1\n")
        option.chmod(0)
    assert multirun("db=mysql,mysql,pg").values[-1]["db"] == PG
