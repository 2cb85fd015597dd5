"""The command that resumes a sweep, as it can be given to a shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence

from params_proto._text import arguments_start, python_options
from params_proto.multirun.context import AppContext
from params_proto.overrides.render import assignment

# Options of Hydra's command line that have a value.
_VALUED = {"-cp", "--config-path", "-cn", "--config-name", "-cd", "--config-dir", "-p", "--package"}
# What overrides of Hydra say, by their beginnings; the first that fits counts.
_ROLES = {
    "what": ("hydra.sweeper.sweep", "hydra.sweeper.params", "hydra.sweeper.zip"),
    "once": tuple(
        f"hydra.sweeper.{name}"
        for name in ("resume", "rerun", "resume_changed", "overwrite", "dry_run")
    ),
    "how": ("hydra/launcher", "hydra.launcher", "hydra/sweeper", "hydra.sweeper", "hydra.verbose"),
    "where": ("hydra.sweep.dir",),
    "mode": ("hydra.mode", "-m", "--multirun"),
}


def role(override: str) -> str:
    """What an override of Hydra is about.

    Returns:
        `what`: which sweep runs. `how`: with which launcher and options, which each command says
        anew. `where`: the sweep's directory. `mode`: that it is a multirun. `once`: this one
        command. `app`: anything else, which a sweep that is resumed keeps.

    >>> [role(line) for line in ("+hydra.sweeper.sweep.repeat=2", "hydra.sweeper.resume=out")]
    ['what', 'once']
    >>> [role(line) for line in ("hydra/launcher=joblib", "hydra.job.chdir=true")]
    ['how', 'app']
    """
    key = override.partition("=")[0].lstrip("+~")
    for name, keys in _ROLES.items():
        if any(f"{key}.".startswith(f"{one}.") for one in keys):
            return name
    return "app"


def script() -> list[str]:
    """How this process was started, up to the overrides: with its options, and what replaces -m.

    >>> script()[0] == python()
    True
    """
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    argv = sys.argv
    if spec is not None:
        start = [
            python(),
            *python_options(sys.orig_argv),
            "-m",
            spec.name.removesuffix(".__main__"),
        ]
    elif argv[0].endswith(".py") or not os.access(argv[0], os.X_OK):
        start = [python(), *python_options(sys.orig_argv), argv[0]]
    else:
        start = [argv[0]]
    has_value = False  # whether the option before is one that a value follows
    for argument in argv[1:]:
        if has_value or argument.startswith("-") or role(argument) == "mode":
            start.append(argument)
        has_value = not has_value and argument in _VALUED
    return start


def command_of(host: AppContext) -> list[str]:
    """How the sweep was started, up to the overrides; nothing where its script has launched it.

    A script launches it by `Sweep.launch`, by another library, or by `main.run([...])`: the
    script's own command line does not say then which job to run. Nor does that of `python -c`.

    Args:
        host: the app.
    """
    if host.launched is not None or sys.argv[:1] == ["-c"]:
        return []
    given = sys.orig_argv[arguments_start(sys.orig_argv) :]
    if "mode" in map(role, host.of_hydra):  # as Hydra notes of -m
        is_given = "mode" in map(role, given)
    else:
        is_given = host.config.hydra.mode is not None  # as a config says it
    return script() if is_given else []


def python() -> str:
    """What a shell calls this Python: a name where that finds it, else its path."""
    name = os.path.basename(sys.executable)
    # Not what it links to: a virtual environment links to the Python that made it.
    is_found = os.path.abspath(shutil.which(name) or "") == os.path.abspath(sys.executable)
    return name if is_found else sys.executable


def relaunch_hint(directory: str, rerun: str | None = None) -> str:
    """The same for a sweep that Python launched.

    Args:
        directory: the sweep's.
        rerun: which jobs are still to run again, where that needs to be said.

    >>> relaunch_hint("runs/1", "all")
    "the same launch, with sweep_dir='runs/1', resume=True, rerun='all'"
    """
    again = "" if rerun is None else f", rerun={rerun!r}"
    return f"the same launch, with sweep_dir={directory!r}, resume=True{again}"


def resume_command(
    start: Sequence[str],
    of_hydra: Sequence[str],
    directory: str,
    rerun: str | None = None,
    *,
    overwrites: bool = False,
) -> str:
    """The command.

    Args:
        start: how the sweep was started, up to the overrides; empty where a script launched it.
        of_hydra: the overrides of Hydra that it was given.
        directory: the sweep's.
        rerun: which jobs are still to run again, where that needs to be said.
        overwrites: whether it was to write over what was there.

    >>> resume_command(["python", "train.py", "-m"], ["hydra/launcher=joblib"], "runs/1")
    'python train.py -m hydra/launcher=joblib hydra.sweeper.resume=runs/1'
    >>> resume_command([], [], "runs/1")
    'the same launch, with hydra.sweeper.resume=runs/1'
    """
    kept = [one for one in of_hydra if role(one) == "how"]
    if overwrites:
        kept.append("hydra.sweeper.overwrite=false")  # a config may say so, which stays
    kept.append(assignment("hydra.sweeper.resume", directory))
    if rerun is not None:
        kept.append(assignment("hydra.sweeper.rerun", rerun))
    return shlex.join([*start, *kept]) if start else f"the same launch, with {shlex.join(kept)}"
