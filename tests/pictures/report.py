"""docs/images/report.png: the page of a sweep of the example.

python -m tests.pictures.report
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.report.browser.chromium import chromium, picture

ROOT = Path(__file__).resolve().parents[2]
SWEEP = ["model.hidden=16,32,64", "optimizer.lr=0.0003,0.001,0.003,0.01", "optimizer.name=adam,sgd"]
METRIC = ["--metric", "accuracy"]


def main() -> None:
    """Runs the sweep, writes its page and takes the picture."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",  # the matrices are small
        }
        sweep = ["train.py", "-m", *SWEEP, "seed=0,1,2", "epochs=10"]
        out = "hydra.sweep.dir=runs/digits"
        for name in ("train.py", "conf"):
            Path(folder, name).symlink_to(ROOT / name)
        for command in (
            ["python", *sweep, out],
            ["python", "-m", "params_proto", "report", "runs/digits", *METRIC],
        ):
            subprocess.run(command, cwd=folder, env=environment, check=True)
        with chromium() as browser:
            browser.get(Path(folder, "runs/digits/report.html").as_uri())
            picture(browser, ROOT / "docs" / "images" / "report.png", height=1180)


if __name__ == "__main__":
    main()
