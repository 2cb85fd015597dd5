"""`hydra/sweeper=params_proto` as Hydra sees it and as a user runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.test_utils.launcher_common_tests import BatchedSweeperTestSuite, LauncherTestSuite

OURS = "hydra/sweeper=params_proto"


@pytest.mark.usefixtures("no_version_base")
@pytest.mark.parametrize("overrides", [[OURS]])
@pytest.mark.parametrize("launcher_name", ["basic"])
class TestLaunchers(LauncherTestSuite):
    """Of Hydra's; tests/launchers has it for other launchers, and Hydra's suite of whole apps."""


@pytest.mark.usefixtures("no_version_base")
@pytest.mark.parametrize("overrides", [[OURS, "hydra.sweeper.max_batch_size=2"]])
@pytest.mark.parametrize("launcher_name", ["basic"])
class TestBatches(BatchedSweeperTestSuite):
    pass


APP = """
import hydra
from params_proto import Sweep

grid = Sweep().product(lr=[0.1, 1e-5]).zip({"db.port": [1, 2], "name": ["a b", "1"]})
print("imported", __name__)

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config):
    number = hydra.core.hydra_config.HydraConfig.get().job.num
    print(f"job {number} {dict(config)}\\n", end="", flush=True)  # one write, whole among others
    return config.lr

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("lr: 0\nname: x\ndb: {port: 0}\n")
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


JOBS = [
    "job 0 {'lr': 0.1, 'name': 'a b', 'db': {'port': 1}}",
    "job 1 {'lr': 0.1, 'name': '1', 'db': {'port': 2}}",
    "job 2 {'lr': 1e-05, 'name': 'a b', 'db': {'port': 1}}",
    "job 3 {'lr': 1e-05, 'name': '1', 'db': {'port': 2}}",
]


@pytest.mark.parametrize("grid", ["app.py:grid", "__main__:grid"])
def test_a_sweep_in_the_running_script(app: Path, python: Any, grid: str) -> None:
    done = python("app.py", "-m", OURS, f"hydra.sweeper.sweep={grid}", "hydra.sweep.dir=out")
    printed = [line for line in done.stdout.splitlines() if not line.startswith("[")]
    assert printed == ["imported __main__", *JOBS]
    assert sorted(path.name for path in (app / "out").iterdir()) == [
        *(".sweep", "0", "1", "2", "3", "multirun.yaml", "results.csv", "sweep.yaml")
    ]


PROTO = """
from enum import Enum
from pathlib import Path
from params_proto import Sweep, proto

class Color(Enum):
    RED = 1
    BLUE = 2

@proto.prefix
class Training:
    lr: float = 0.1
    options: dict = {"a": 1, "b": {"c": None, "d": [1]}}
    color: Color = Color.RED

@proto.cli
def main(seed: int = 0, size: tuple[int, ...] = (1, 2), path: Path = Path("x")):
    print("job", repr((seed, size, path, Training.lr, Training.options, Training.color)))

grid = Sweep(main, Training).product(
    options=[{}, {"b": {"d": {"e": 1}}}, {"n": {"x y": "${z}"}}, {"a": 1, "b": {"c": []}}],
    size=[(), (3,)],
).zip(color=["BLUE", Color.RED], path=["a b", Path("c")], lr=[1, 1e-5])

if __name__ == "__main__":
    main()
else:
    for config in grid:
        main(**config)
"""


def test_a_proto_app_gets_what_the_loop_gets(app: Path, python: Any) -> None:
    (app / "proto_app.py").write_text(PROTO)
    loop = python("-c", "import proto_app").stdout.splitlines()
    run = python(
        "proto_app.py", "-m", "hydra.sweeper.sweep=proto_app.py:grid", "hydra.sweep.dir=out"
    )
    jobs = [line for line in run.stdout.splitlines() if line.startswith("job")]
    assert len(jobs) == 16
    assert jobs == loop


def test_an_option_of_another_name_is_refused(app: Path, python: Any) -> None:
    done = python("app.py", "-m", OURS, "hydra.sweeper.metrc=a", "lr=1,2", status=1)
    assert "metrc" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (app / "multirun").exists()
