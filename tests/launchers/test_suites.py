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


@pytest.mark.parametrize(
    ("task_launcher_cfg", "extra_flags"),
    # the suite runs several sweeps in one directory
    [
        ({}, ["-m", OURS, "hydra.sweeper.overwrite=true", "hydra/launcher=submitit_local"]),
        ({}, ["-m", OURS, "hydra.sweeper.overwrite=true", "hydra/launcher=ray"]),
    ],
    ids=["submitit_local", "ray"],
)
class TestIntegration(IntegrationTestSuite):
    pass
