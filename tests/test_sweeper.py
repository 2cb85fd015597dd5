"""`hydra/sweeper=params_proto` as Hydra sees it, and as a user runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from hydra.test_utils.launcher_common_tests import (
    BatchedSweeperTestSuite,
    IntegrationTestSuite,
    LauncherTestSuite,
)

OURS = "hydra/sweeper=params_proto"
PICKLES_KEEP_THE_FILE = (
    cloudpickle.loads(cloudpickle.dumps(lambda: 0)).__code__.co_filename == __file__
)


@pytest.mark.usefixtures("no_version_base")
@pytest.mark.parametrize("overrides", [[OURS]])
@pytest.mark.parametrize("launcher_name", ["basic", "joblib"])
class TestLaunchers(LauncherTestSuite):
    @pytest.fixture(autouse=True)
    def file_of_the_task(self, request: pytest.FixtureRequest, launcher_name: str) -> None:
        by_value = launcher_name == "joblib" and not PICKLES_KEEP_THE_FILE
        if by_value and request.function.__name__ == "test_failure_preserves_task_traceback":
            pytest.skip("cloudpickle 3.1.3 drops the file of a function, which the suite looks for")


@pytest.mark.usefixtures("no_version_base")
@pytest.mark.parametrize("overrides", [[OURS, "hydra.sweeper.max_batch_size=2"]])
@pytest.mark.parametrize("launcher_name", ["basic"])
class TestBatches(BatchedSweeperTestSuite):
    pass


@pytest.mark.usefixtures("no_version_base")
@pytest.mark.parametrize(
    ("task_launcher_cfg", "extra_flags"),
    # the suite runs several sweeps in one directory
    [({}, ["-m", OURS, "hydra.sweeper.overwrite=true"])],
    ids=["basic"],
)
class TestIntegration(IntegrationTestSuite):
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


def test_a_config_that_says_multirun_needs_no_flag(app: Path, python: Any) -> None:
    (app / "conf" / "config.yaml").write_text(
        "defaults: [override hydra/sweeper: params_proto]\nlr: 0\nname: x\ndb: {port: 0}\n"
        "hydra: {mode: MULTIRUN, sweeper: {sweep: {product: {lr: 'range(0,3)'}}}}\n"
    )
    done = python("app.py")
    assert [line[:15] for line in done.stdout.splitlines() if line.startswith("job")] == [
        "job 0 {'lr': 0,",
        "job 1 {'lr': 1,",
        "job 2 {'lr': 2,",
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
    again = python("proto_app.py", "-m", "hydra.sweeper.sweep=out/sweep.yaml", "seed=0")
    assert [line for line in again.stdout.splitlines() if line.startswith("job")] == loop


def test_discovery_loads_nothing_of_params_proto(python: Any) -> None:
    done = python(
        "-c",
        "import sys\nfrom hydra.core.plugins import Plugins\n"
        "print([p.__name__ for p in Plugins.instance().discover()])\n"
        "print([m for m in sys.modules if m.partition('.')[0] in ('params_proto', 'pandas')])",
    )
    names, loaded = done.stdout.splitlines()
    assert "ParamsProtoSweeper" in names
    assert loaded == "[]"


def test_an_option_of_another_name_is_refused(app: Path, python: Any) -> None:
    done = python("app.py", "-m", OURS, "hydra.sweeper.metrc=a", "lr=1,2", status=1)
    assert "metrc" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (app / "multirun").exists()


def test_hydras_singletons_can_be_restored_between_tests(tmp_path: Path, python: Any) -> None:
    (tmp_path / "test_app.py").write_text(
        "import pytest\n"
        "from hydra import compose, initialize\n"
        "from hydra.core.plugins import Plugins\n"
        "\n"
        "Plugins.instance()  # without, Hydra 1.4 itself has no options in the second test\n"
        "\n"
        "@pytest.mark.parametrize('time', [1, 2])\n"
        "def test_app(hydra_restore_singletons, time):\n"
        "    with initialize(config_path=None, version_base=None):\n"
        "        chosen = ['hydra/sweeper=params_proto']\n"
        "        config = compose(overrides=chosen, return_hydra_config=True)\n"
        "    assert config.hydra.sweeper._target_.endswith('.ParamsProtoSweeper')\n"
    )
    assert "2 passed" in python("-m", "pytest", "-q", "test_app.py").stdout
