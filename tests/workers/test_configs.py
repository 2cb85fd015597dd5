"""Workers compose from the config files as of the start of the sweep."""

from __future__ import annotations

import shutil

from params_proto.workers.workers_dir import workers_dir
from tests.workers.conftest import Project


def test_removed_configs(project: Project) -> None:
    config_dir = project.folder / "configs"
    (config_dir / "opt").mkdir(parents=True)
    (config_dir / "opt/extra.yaml").write_text("added: 5\n")
    (project.folder / "search/model").mkdir(parents=True)
    (project.folder / "search/model/found.yaml").write_text("hidden: 8\n")
    output = project.sweep(
        "--config-dir", "configs", "+opt=extra",
        f"hydra.searchpath=[{project.folder}/search]", "model=found", "lr=7,1,2",
        "hydra.sweeper.max_failures=0", "hydra.sweeper.wait=false",
        script="groups.py", workers=1,
    )  # fmt: skip
    assert "1 worker on this machine" in output
    assert project.cli("watch", "out") == 1
    assert project.statuses() == ["failed"]

    for name in ("conf", "configs", "search"):
        shutil.rmtree(project.folder / name)
    (project.folder / "conf").write_text("in the way")
    assert project.cli("work", "out") == 1
    assert project.statuses() == ["failed", "completed", "completed"]
    assert [record.value for record in project.records()] == [None, 8, 16]
    notes = (project.folder / "notes").read_text().splitlines()
    assert (notes[0], notes[-1]) == ("multirun starts", "multirun ends")
    assert notes.count("multirun ends") == 1
    assert not (workers_dir(project.out) / "stop").exists()
