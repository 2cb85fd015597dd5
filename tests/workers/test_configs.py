"""Workers compose from the configs as they were when the sweep began."""

from __future__ import annotations

import shutil

from params_proto.workers.setup import folder
from tests.workers.conftest import Project


def test_configs_that_are_gone(project: Project) -> None:
    more = project.folder / "more"
    (more / "opt").mkdir(parents=True)
    (more / "opt/extra.yaml").write_text("added: 5\n")
    (project.folder / "search/model").mkdir(parents=True)
    (project.folder / "search/model/found.yaml").write_text("hidden: 8\n")
    said = project.sweep(
        "--config-dir", "more", "+opt=extra",
        f"hydra.searchpath=[{project.folder}/search]", "model=found", "lr=7,1,2",
        "hydra.sweeper.max_failures=0", "hydra.sweeper.wait=false",
        script="groups.py", workers=1,
    )  # fmt: skip
    assert "1 worker on this machine" in said
    assert project.cli("watch", "out") == 1
    assert project.statuses() == ["failed"]

    for name in ("conf", "more", "search"):
        shutil.rmtree(project.folder / name)
    (project.folder / "conf").write_text("in the way")
    assert project.cli("work", "out") == 1
    assert project.statuses() == ["failed", "completed", "completed"]
    assert [one.value for one in project.records()] == [None, 8, 16]
    notes = (project.folder / "notes").read_text().splitlines()
    assert (notes[0], notes[-1]) == ("multirun starts", "multirun ends")
    assert notes.count("multirun ends") == 1
    assert not (folder(project.out) / "stop").exists()
