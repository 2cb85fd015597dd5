"""The command that goes on with a sweep, as it can be given to a shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence

from params_proto.analysis.alone import asks_for_a_multirun
from params_proto.multirun.host import AppContext
from params_proto.overrides.rendering import assignment
from params_proto.python_command import arguments, options

# Options of Hydra's command line that have a value.
_VALUED = {"-cp", "--config-path", "-cn", "--config-name", "-cd", "--config-dir", "-p", "--package"}
# Of the sweeper: what says which sweep runs.
_WHAT = ("hydra.sweeper.sweep", "hydra.sweeper.params", "hydra.sweeper.zip")
# What becomes of an earlier one.
_EARLIER = tuple(
    f"hydra.sweeper.{name}"
    for name in ("resume", "rerun", "resume_changed", "overwrite", "dry_run")
)
# How it runs, which each command says anew.
_HOW = ("hydra/launcher", "hydra.launcher", "hydra/sweeper", "hydra.sweeper", "hydra.verbose")
_WHERE = ("hydra.sweep.dir", "hydra.mode")


def script() -> list[str]:
    """How this process was started, up to the overrides.

    >>> script()[0] == python()
    True
    """
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    argv = sys.argv or [""]
    if spec is not None and spec.name:
        start = [python(), *options(sys.orig_argv), "-m", spec.name.removesuffix(".__main__")]
    elif argv[0].endswith(".py") or not os.access(argv[0], os.X_OK):
        start = [python(), *options(sys.orig_argv), argv[0]]
    else:
        start = [argv[0]]
    return [*start, *_flags(argv[1:])]


def command_of(host: AppContext) -> list[str]:
    """How the sweep was started, up to the overrides; nothing where its script has launched it.

    A script launches it by `Sweep.launch`, by another library, or by `main.run([...])`: the
    script's own command line does not say then which job to run.

    Args:
        host: the app.
    """
    if host.handed is not None:
        return []
    given = sys.orig_argv[arguments(sys.orig_argv) :]
    if any(_is_one_of(line, ("hydra.mode",)) for line in host.of_hydra):  # as Hydra notes of -m
        is_given = any(map(asks_for_a_multirun, given))
    else:
        is_given = host.config.hydra.mode is not None  # as a config says it
    return script() if is_given else []


def python() -> str:
    """What a shell calls this Python: a name where that finds it, else its path."""
    for name in ("python", "python3"):
        found = shutil.which(name)
        # Not what it links to: a virtual environment links to the Python that made it.
        if found is not None and os.path.abspath(found) == os.path.abspath(sys.executable):
            return name
    return sys.executable


def _flags(arguments: Sequence[str]) -> list[str]:
    """The options among the arguments, which are no overrides, and what stands for -m.

    >>> _flags(["-m", "lr=1,2", "-cn", "other", "--config-dir=conf", "x=-1"])
    ['-m', '-cn', 'other', '--config-dir=conf']
    >>> _flags(["--config-n", "other", "--multi", "lr=1,2"])
    ['--config-n', 'other', '--multi']
    >>> _flags(["lr=1,2", "hydra.mode=MULTIRUN"])
    ['hydra.mode=MULTIRUN']
    """
    kept: list[str] = []
    takes = False
    for argument in arguments:
        if takes or argument.startswith("-") or _is_one_of(argument, ("hydra.mode",)):
            kept.append(argument)
        takes = not takes and _has_a_value(argument)
    return kept


def _has_a_value(option: str) -> bool:
    """Whether an option takes the next argument; argparse takes a long one's beginning for it."""
    return option in _VALUED or (
        option.startswith("--c") and any(valued.startswith(option) for valued in _VALUED)
    )


def says_what(override: str) -> bool:
    """Whether an override of Hydra says which sweep is to run.

    >>> says_what("+hydra.sweeper.sweep.repeat=2"), says_what("hydra.sweeper.resume=out")
    (True, False)
    """
    return _is_one_of(override, _WHAT)


def stays(override: str) -> bool:
    """Whether a sweep that goes on has an override of Hydra that it was started with.

    >>> stays("hydra.job.chdir=true"), stays("hydra/launcher=joblib")
    (True, False)
    """
    if _is_one_of(override, ("hydra.sweeper.sweep",)):
        return True  # a change of what a choice of a group has put there
    return not _is_one_of(override, (*_HOW, *_WHERE))


def _is_one_of(override: str, keys: Iterable[str]) -> bool:
    key = override.partition("=")[0].lstrip("+~")
    return any(key == one or key.startswith(f"{one}.") for one in keys)


def to_launch_again(directory: str, rerun: str | Sequence[str] | None = None) -> str:
    """The same for a sweep that Python launched.

    Args:
        directory: the sweep's.
        rerun: which jobs are still to run again, where that needs to be said.

    >>> to_launch_again("runs/1", ["failed"])
    "the same launch, with sweep_dir='runs/1', resume=True, rerun=['failed']"
    """
    again = "" if rerun is None else f", rerun={rerun!r}"
    return f"the same launch, with sweep_dir={directory!r}, resume=True{again}"


def to_go_on(
    start: Sequence[str],
    of_hydra: Sequence[str],
    directory: str,
    rerun: str | Sequence[str] | None = None,
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

    >>> to_go_on(["python", "train.py", "-m"], ["hydra/launcher=joblib"], "runs/1")
    'python train.py -m hydra/launcher=joblib hydra.sweeper.resume=runs/1'
    >>> to_go_on([], [], "runs/1")
    'the same launch, with hydra.sweeper.resume=runs/1'
    """
    kept = [
        one
        for one in of_hydra
        if _is_one_of(one, _HOW) and not _is_one_of(one, (*_WHAT, *_EARLIER))
    ]
    if overwrites and not any(_is_one_of(one, ("hydra.sweeper.overwrite",)) for one in of_hydra):
        kept.append("hydra.sweeper.overwrite=false")  # a config says so, which stays
    kept.append(assignment("hydra.sweeper.resume", directory))
    if rerun is not None:
        kept.append(assignment("hydra.sweeper.rerun", rerun))
    return shlex.join([*start, *kept]) if start else f"the same launch, with {shlex.join(kept)}"
