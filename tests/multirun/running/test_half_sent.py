"""A worker of joblib's that is killed in the middle of a result."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from params_proto.records import JobStore, Record

APP = """
import os, signal, struct, sys
from pathlib import Path
import hydra

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config):
    if config.seed == 2 and not Path("died").exists():
        Path("died").touch()
        frame = sys._getframe()
        while "result_queue" not in frame.f_locals:
            frame = frame.f_back
        results = frame.f_locals["result_queue"]
        with results._wlock:
            os.write(results._writer.fileno(), struct.pack("!i", 1000) + b"the rest never comes")
            os.kill(os.getpid(), signal.SIGKILL)
    return config.seed

main()
"""


def test_the_other_jobs_go_on(app: Path) -> None:
    (app / "app.py").write_text(APP)
    command = [sys.executable, "app.py", "-m", "hydra/sweeper=params_proto", "seed=1,2,3,4,5,6"]
    joblib = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweep.dir=out"]
    done = subprocess.run(
        [*command, *joblib], cwd=app, capture_output=True, text=True, check=True, timeout=60
    )
    assert "A worker died" in done.stdout
    found = [one for one in JobStore(app / "out").all() if isinstance(one, Record)]
    assert [(one.status.value, one.value) for one in found] == [
        ("completed", seed) for seed in range(1, 7)
    ]
