"""docs/images/terminal.svg: a terminal while a sweep of the example runs, and at its end.

python -m tests.pictures.terminal
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from tests.multirun.progress.terminal import Terminal
from tests.pages import ROOT
from tests.pictures.svg import Run, Window, drawn, runs

PICTURE = ROOT / "docs" / "images" / "terminal.svg"
COLUMNS = 106
# On two lines, as somebody would type it.
COMMAND = r"""
python train.py -m model.hidden=32,64,128,256 seed=0,1,2 hydra.sweep.dir=runs/hidden \
  hydra.sweeper.metric=loss hydra/job_logging=stdout
""".strip()
SEEN = (
    "A terminal running twelve trainings: what they log, with the progress of the sweep below."
    " At the end, a table of all jobs, the best first."
)
_GOOD_MOMENT = re.compile(r"([6-9]|10)/12 done, 1 running, lowest .*\) ━.* \d:\d\d:\d\d")


def main() -> None:
    """Runs the sweep, and draws what can be seen."""
    with tempfile.TemporaryDirectory() as folder:
        PICTURE.write_text(drawn(windows(Path(folder)), COLUMNS, SEEN), "utf-8")


def windows(folder: Path) -> list[Window]:
    """The terminal at a good moment, and the table in it at the end.

    Args:
        folder: an empty one, where the sweep is run.
    """
    for name in ("train.py", "conf"):
        (folder / name).symlink_to(ROOT / name)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": str(COLUMNS),  # not those of the terminal in which the tests run
        "OMP_NUM_THREADS": "1",  # the matrices are small
        "PYTHONWARNINGS": "ignore",  # Hydra 1.4 has no use for a version base
    }
    terminal = Terminal(
        ["sh", "-c", COMMAND], folder, lines=11, width=COLUMNS, environment=environment
    )
    terminal.until(lambda: _GOOD_MOMENT.fullmatch(terminal.last) is not None)
    now = _seen(terminal)
    assert terminal.to_the_end() == 0
    end = _seen(terminal)
    table = next(at for at, line in enumerate(end) if line and line[0].text == "job")
    while not end[-1]:
        end.pop()
    return [Window("while it runs", [*_typed(), *now]), Window("at its end", end[table:])]


def _typed() -> list[list[Run]]:
    first, second = COMMAND.splitlines()
    return [[Run(0, f"$ {first}", bold=True)], [Run(4, second.strip(), bold=True)]]


def _seen(terminal: Terminal) -> list[list[Run]]:
    """All lines, including those above the first visible one."""
    screen = terminal.screen
    lines = [*screen.history.top, *[screen.buffer[at] for at in range(screen.lines)]]
    return [runs(line, screen.columns) for line in lines]


if __name__ == "__main__":
    main()
