"""The README of an example as a test: its commands run in order, in a copy of its folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.pages import ROOT, Command, assert_shown, commands, run


def copied(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of an example's folder; `python` is the one that runs the tests."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # its matrices are small
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")  # Hydra 1.4 has no use for a version base
    ignored = shutil.ignore_patterns("__pycache__", "multirun", "outputs", "runs", "*.db")
    return shutil.copytree(ROOT / "examples" / name, tmp_path / name, ignore=ignored)


def commands_of(name: str) -> list[Command]:
    """The commands of an example's README."""
    return commands((ROOT / "examples" / name / "README.md").read_text("utf-8"))


def check(name: str, folder: Path) -> None:
    """Runs them all but `pip`, and compares what they print with what the README shows.

    In which order the lines of several workers come differs from run to run: it shows none.
    """
    for command in commands_of(name):
        if not command.line.startswith("pip "):
            printed = run(command.line, folder)
            assert printed
            if "joblib" not in command.line:
                assert_shown(printed, command.output)
