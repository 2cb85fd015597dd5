"""Hydra's own test suites with our sweeper; tests/test_sweeper.py has more."""

from __future__ import annotations

import cloudpickle
import pytest
from hydra.test_utils.launcher_common_tests import IntegrationTestSuite, LauncherTestSuite

pytestmark = [
    pytest.mark.launchers,
    pytest.mark.usefixtures("no_version_base", "quiet_ray"),
]

OURS = "hydra/sweeper=params_proto"
CLUSTER = [pytest.param(name, marks=pytest.mark.cluster) for name in ("submitit_local", "ray")]
PICKLES_KEEP_THE_FILE = (
    cloudpickle.loads(cloudpickle.dumps(lambda: 0)).__code__.co_filename == __file__
)


@pytest.mark.parametrize("overrides", [[OURS]])
@pytest.mark.parametrize("launcher_name", ["joblib", *CLUSTER])
class TestLaunchers(LauncherTestSuite):
    @pytest.fixture(autouse=True)
    def file_of_the_task(self, request: pytest.FixtureRequest, launcher_name: str) -> None:
        by_value = launcher_name == "joblib" and not PICKLES_KEEP_THE_FILE
        if by_value and request.function.__name__ == "test_failure_preserves_task_traceback":
            pytest.skip("cloudpickle 3.1.3 drops the file of a function, which the suite looks for")


@pytest.mark.parametrize("task_launcher_cfg", [{}])
@pytest.mark.parametrize("launcher", ["basic", *CLUSTER])
class TestIntegration(IntegrationTestSuite):
    @pytest.fixture
    def extra_flags(self, launcher: str) -> list[str]:
        # the suite runs several sweeps in one directory
        return ["-m", OURS, "hydra.sweeper.overwrite=true", f"hydra/launcher={launcher}"]
