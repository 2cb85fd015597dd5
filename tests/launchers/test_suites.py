"""Hydra's own suites for launchers, with our sweeper on those that the default tests leave out."""

from __future__ import annotations

import pytest
from hydra.test_utils.launcher_common_tests import IntegrationTestSuite, LauncherTestSuite

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_version_base", "quiet_ray")]

OURS = "hydra/sweeper=params_proto"


@pytest.mark.parametrize("overrides", [[OURS]])
@pytest.mark.parametrize("launcher_name", ["submitit_local", "ray"])
class TestLaunchers(LauncherTestSuite):
    pass


# Not on Ray, whose workers print after the job has gone on: the suite's last tests, which read what
# a job printed, fail there with Hydra's basic sweeper as well.
@pytest.mark.parametrize(
    ("task_launcher_cfg", "extra_flags"),
    [({}, ["-m", OURS, "hydra/launcher=submitit_local"])],
    ids=["submitit_local"],
)
class TestIntegration(IntegrationTestSuite):
    pass
