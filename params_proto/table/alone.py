"""A job of a sweep once more, alone: the command."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def alone(script: Sequence[str], overrides: Sequence[str]) -> str:
    """The command that runs a job of a sweep without the others.

    Args:
        script: how the sweep was started, up to the overrides; empty where Python launched it, and
            there is no command line to start it by.
        overrides: of the job.

    >>> alone(["python", "-m", "lab.train", "-m", "-cn", "other"], ["lr=0.1"])
    'python -m lab.train -cn other lr=0.1'
    >>> alone([], ["lr=0.1"])
    'lr=0.1'
    """
    start = 3 if script[1:2] == ["-m"] else 2
    options = [one for one in script[start:] if one not in ("-m", "--multirun")]
    return shlex.join([*script[:start], *options, *overrides])
