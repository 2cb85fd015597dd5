"""A sweep reads each file once: what is edited while it runs is for the next one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig
from yaml import YAMLError

from params_proto.multirun import options, sweep_dir
from tests.compose.roads import write


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a sweep of four jobs one that is checked batch by batch, the first job at once."""
    monkeypatch.setattr(sweep_dir, "AHEAD", 2)
    monkeypatch.setattr(options, "_FIRST", 1)


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


def test_a_sweep_that_is_checked_batch_by_batch(multirun: Any, app: Path, large: None) -> None:
    """Its later jobs may choose options that none has chosen when it starts."""
    task = edits(app, mysql="port: 1\n", pg="port: 2\n")
    run = multirun("db=mysql,mysql,pg", task=task)
    assert (app / "conf" / "db" / "pg.yaml").read_text() == "port: 2\n"
    assert run.values == [MYSQL, MYSQL, PG]


LATER = "{concat:[{product:{seed:[1,2]}},{set:{+far@db:one}}]}"


@pytest.mark.parametrize(
    ("sweep", "file"),
    [
        (["db=mysql,cloud/pg"], "cloud/pg"),
        (["+far=one,a/b/two"], "../far/a/b/two"),
        ([f"hydra.sweeper.sweep={LATER}"], "../far/one"),
    ],
    ids=["below", "below-below", "later"],
)
def test_an_option_that_only_a_later_job_has(
    multirun: Any, app: Path, large: None, sweep: list[str], file: str
) -> None:
    conf = app / "conf"
    files = {"db/cloud/pg": "port: 5\n", "far/one": "port: 5\n", "far/a/b/two": "port: 5\n"}
    write(conf, files)

    def task(config: DictConfig) -> Any:
        (conf / f"db/{file}.yaml").write_text("port: 9\n")
        return [node.get("port") for node in (config.db, config.get("far")) if node]

    run = multirun(*sweep, "seed=1,2,3" if "concat" not in sweep[0] else "lr=1", task=task)
    assert "port: 9" in (conf / f"db/{file}.yaml").read_text()
    assert 5 in run.values[-1]
    assert not any(9 in ports for ports in run.values)


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
    (app / "more" / "db").mkdir(parents=True)
    other = app / "more" / "db" / "other.yaml"
    other.write_text("port: 7\n")
    path = f"[file://{app}/more]"
    if place == "main":
        config = app / "conf" / "config.yaml"
        config.write_text(f"{config.read_text()}hydra: {{searchpath: {path}}}\n")

    def task(config: DictConfig) -> Any:
        other.write_text("port: 8\n")
        return config.db.port

    given = [f"hydra.searchpath={path}"] if place == "command-line" else []
    run = multirun("db=other,pg,other", *given, task=task)
    assert run.values == [7, 5432, 7]
    (kept,) = (run.directory / ".sweep" / "configs").rglob("other.yaml")
    assert kept.read_text() == "port: 7\n"


@pytest.mark.parametrize(
    ("entry", "file"),
    [
        ("- part/of@_here_: one", "db/part/of/one"),
        ("- /far: one", "far/one"),
        ("- /far/away@_global_.far: [one]", "far/away/one"),
        ("- optional /far: one", "far/one"),
        ("- part/one", "db/part/one"),
        ("- /far/away/one@far", "far/away/one"),
        ("- /far: next", "far/away/one"),
    ],
    ids=str,
)
def test_files_that_only_later_jobs_lead_to(
    multirun: Any, app: Path, large: None, entry: str, file: str
) -> None:
    conf = app / "conf"
    write(
        conf,
        {
            "db/deep": f"defaults:\n{entry}\n- _self_\n",
            "db/broken": "defaults: [\n",
            "db/strange": "defaults: 7\n",
            "far/next": "defaults: [away: one]\n",
            file: "mark: 1\n",
        },
    )

    def task(config: DictConfig) -> str:
        write(conf, {file: "mark: 2\n"})
        return str(config)

    run = multirun("db=mysql,pg,deep", task=task)
    assert "'mark': 1" in run.values[-1]


@pytest.mark.parametrize("kind", ["dangling", "folder", "forbidden", "failing"])
def test_an_option_that_cannot_be_read_and_is_not_chosen(
    multirun: Any, app: Path, large: None, kind: str
) -> None:
    option = app / "conf" / "db" / "odd.yaml"
    if kind == "dangling":
        option.symlink_to("nowhere.yaml")
    elif kind == "folder":
        option.mkdir()
    elif kind == "forbidden":
        option.write_text("port: 1\n")
        option.chmod(0)
    else:
        memory = Path("/proc/self/mem")  # a file whose beginning nobody can read, on Linux
        if not memory.is_file():
            pytest.skip("there is no such file here")
        option.symlink_to(memory)
    assert multirun("db=mysql,mysql,pg").values[-1]["db"] == PG
