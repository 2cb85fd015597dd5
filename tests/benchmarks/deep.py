"""An app with a deep config tree: three groups, and groups within groups, six levels down."""

from __future__ import annotations

import shutil
from pathlib import Path

BRANCHES = "ocean", "land", "air"
LEVELS = 6


def written(folder: Path) -> Path:
    """Writes the app.

    Args:
        folder: where to.

    Returns:
        Its script.
    """
    conf = folder / "conf"
    conf.mkdir()
    defaults = "".join([f"  - {branch}: base\n" for branch in BRANCHES])
    (conf / "config.yaml").write_text(f"defaults:\n{defaults}  - _self_\n\nseed: 0\n")
    for branch in BRANCHES:
        group = conf / branch
        for level in range(1, LEVELS + 1):
            group.mkdir()
            inner = f"defaults:\n  - inner{level}: base\n  - _self_\n\n" if level < LEVELS else ""
            (group / "base.yaml").write_text(inner + _keys(branch, level))
            group = group / f"inner{level}"
    return Path(shutil.copy(Path(__file__).parent / "apps/trivial/app.py", folder))


def _keys(branch: str, level: int) -> str:
    """Numbers, text, lists, mappings, and a few interpolations near and far: 17 values."""
    return f"""\
rate: 0.{level}
steps: {level * 100}
name: {branch}-{level}
active: true
limit: null
sizes: [{level}, {level + 1}]
range: {{low: 0, high: {level}}}
kernel: {{size: 3, stride: 1, padding: same, dilation: {level}}}
decay: {{kind: linear, until: "${{..steps}}", final: 1e-{level}}}
twice: ${{.steps}}
origin: ${{{branch}.name}}
"""
