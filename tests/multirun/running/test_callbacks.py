"""What Hydra's callbacks receive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.compose.loaders import write

CALLBACK = """
import inspect
from pathlib import Path
from hydra.experimental.callback import Callback

class Tells(Callback):
    def on_job_start(self, config, *, task_function, **options):
        name = getattr(task_function, "__name__", None)
        seen = f"{task_function.tag} {name} {inspect.unwrap(task_function).tag}"
        Path(f"seen-{config.hydra.job.num}").write_text(seen)
"""
APPS = {
    "plain": """
@hydra.main(config_path="conf", config_name="config", version_base="1.3")
@tagged
def main(config):
    return config.lr
""",
    "object": """
@tagged
class Train:
    def __call__(self, config):
        return config.lr

main = hydra.main(config_path="conf", config_name="config", version_base="1.3")(Train())
""",
}
HEAD = """
import hydra
def tagged(function):
    function.tag = "mine"
    return function
"""


@pytest.mark.parametrize(
    ("app", "launcher"),
    [pytest.param("plain", "joblib", marks=pytest.mark.launchers), ("object", "basic")],
)
def test_the_functions_own_attributes(tmp_path: Path, python: Any, app: str, launcher: str) -> None:
    config = "lr: 0.1\nhydra: {callbacks: {tells: {_target_: tells.Tells}}}\n"
    write(tmp_path / "conf", {"config": config})
    (tmp_path / "tells.py").write_text(CALLBACK)
    (tmp_path / "app.py").write_text(
        HEAD + APPS[app] + '\nif __name__ == "__main__":\n    main()\n'
    )
    ours = ["hydra/sweeper=params_proto", f"hydra/launcher={launcher}", "lr=1,2"]
    python("-W", "ignore", "app.py", "-m", *ours)
    seen = [(tmp_path / f"seen-{number}").read_text() for number in range(2)]
    assert seen == [f"mine {None if app == 'object' else 'main'} mine"] * 2
