"""An app that says what its configs may have called, as Hydra 1.5 will want of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.compose.roads import write
from tests.versions import HYDRA_1_3

APP = f"""
from pathlib import Path

import hydra

allowed = {{}} if {HYDRA_1_3} else {{"execution_whitelist": ["handlers.Loud"]}}

@hydra.main(version_base=None, config_path="conf", config_name="config", **allowed)
def main(config):
    print("job", config.x, flush=True)
    Path("out/1").touch()  # where the next job's directory would be

if __name__ == "__main__":
    main()
"""

HANDLERS = """
import logging

class Loud(logging.StreamHandler):
    def emit(self, record):
        print("loud:", record.getMessage(), flush=True)
"""

LOUD = """
version: 1
disable_existing_loggers: false
handlers: {loud: {class: handlers.Loud}}
root: {handlers: [loud], level: INFO}
"""


def test_logging_is_set_up_again_behind_a_job_that_cannot_begin(
    tmp_path: Path, python: Any
) -> None:
    groups = {"hydra/hydra_logging/loud": LOUD, "hydra/job_logging/loud": LOUD}
    defaults = "{override hydra/hydra_logging: loud}, {override hydra/job_logging: loud}"
    write(tmp_path / "conf", {"config": f"defaults: [{defaults}]\nx: 0\n", **groups})
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "handlers.py").write_text(HANDLERS)
    command = ("app.py", "-m", "hydra/sweeper=params_proto", "x=1,2,3", "hydra.sweep.dir=out")
    done = python(*command, status=1)
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("job")] == ["job 1", "job 3"]
    assert "loud: \t#2 : x=3" in lines  # the launcher's, after that job
    assert "2 completed, 1 failed" in done.stderr
    assert "whitelist" not in done.stderr.replace(str(tmp_path), "")
