"""Editing a file while a sweep runs affects none of its jobs, whatever composes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from tests.compose.loaders import write
from tests.launchers.test_jobs import LAUNCHERS

pytestmark = [pytest.mark.launchers, pytest.mark.usefixtures("quiet_ray")]

CONFIGS = {
    "config": "defaults: [_self_, db: first]\nlr: 1\n",
    "db/first": "port: 1\n",
    "db/second": "defaults: [part]\nname: second\n",  # which no job of the first batch reads
    "db/part": "port: 1\n",
}
APP = """\
from pathlib import Path
import hydra
from hydra.core.hydra_config import HydraConfig

@hydra.main(config_path="conf", config_name="config", version_base=None)
def main(config):
    if HydraConfig.get().job.num == 0:
        for path in (Path(HydraConfig.get().runtime.cwd) / "conf").rglob("*.yaml"):
            path.write_text(path.read_text().replace("1", "9"))

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def jobs(tmp_path: Path, python: Any) -> Any:
    """Runs two jobs that edit every file, then two with configs that no job had read before."""
    write(tmp_path / "conf", CONFIGS)
    (tmp_path / "app.py").write_text(APP)

    def run(*options: str) -> list[tuple[int, int]]:
        sweep = [
            "hydra/sweeper=params_proto",
            "db=first,second",
            "+seed=1,2",
            "hydra.sweep.dir=out",
        ]
        python("app.py", "-m", *sweep, "hydra.sweeper.max_batch_size=2", *options)
        configs = [OmegaConf.load(tmp_path / f"out/{n}/.hydra/config.yaml") for n in range(4)]
        assert (tmp_path / "conf/db/part.yaml").read_text() == "port: 9\n"
        return [(config.lr, config.db.port) for config in configs]

    return run


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_an_edited_file_changes_no_job(jobs: Any, tmp_path: Path, launcher: list[str]) -> None:
    assert jobs(*launcher) == [(1, 1)] * 4
    kept = tmp_path / "out" / ".sweep" / "configs"
    assert kept.stat().st_mode & 0o077 == 0  # as private as the most private of the files
    main = kept / "main"
    assert {str(path.relative_to(main)): path.read_text() for path in main.rglob("*.yaml")} == {
        f"{name}.yaml": text for name, text in CONFIGS.items()
    }


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_composed_by_hydra_it_changes_the_later_jobs(jobs: Any, launcher: list[str]) -> None:
    assert jobs(*launcher, "hydra.sweeper.compose=hydra")[2:] == [(9, 9)] * 2
