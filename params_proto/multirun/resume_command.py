"""The command that resumes a sweep, quoted for a shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from params_proto._text import arguments_start, python_options
from params_proto.multirun.context import AppContext
from params_proto.overrides.render import assignment

# Options of Hydra's command line that have a value.
_CONFIGS = {"-cp", "--config-path", "-cn", "--config-name", "-cd", "--config-dir"}
_VALUED = {*_CONFIGS, "-p", "--package"}
# The roles of Hydra's overrides, by the node that they are in; the first match counts.
_ROLES = {
    **dict.fromkeys(("hydra.sweeper.sweep", "hydra.sweeper.params", "hydra.sweeper.zip"), "what"),
    **dict.fromkeys(("hydra.sweeper.resume", "hydra.sweeper.rerun"), "once"),
    **dict.fromkeys(("hydra.sweeper.resume_changed", "hydra.sweeper.overwrite"), "once"),
    **dict.fromkeys(("hydra.sweeper.dry_run", "hydra.sweeper.work"), "once"),
    **dict.fromkeys(("hydra/launcher", "hydra.launcher"), "how"),
    **dict.fromkeys(("hydra/sweeper", "hydra.sweeper", "hydra.verbose"), "how"),
    **{"hydra.sweep.dir": "where"},
    **dict.fromkeys(("hydra.mode", "-m", "--multirun"), "mode"),
}


def role(override: str) -> str:
    """The role of an override of Hydra for a resume.

    Returns:
        `what`: which sweep runs. `how`: its launcher and options, given with each command.
        `where`: the sweep directory. `mode`: that it is a multirun. `once`: for this command only.
        `app`: anything else, which a resumed sweep keeps.

    >>> [role(line) for line in ("+hydra.sweeper.sweep.repeat=2", "hydra.sweeper.resume=out")]
    ['what', 'once']
    >>> [role(line) for line in ("hydra/launcher=joblib", "hydra.job.chdir=true")]
    ['how', 'app']
    """
    key = override.partition("=")[0].lstrip("+~")
    found = (name for node, name in _ROLES.items() if f"{key}.".startswith(f"{node}."))
    return next(found, "app")


def script() -> list[str]:
    """The command that started this process, without overrides except one that replaces -m.

    >>> script()[0] == python()
    True
    """
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    file = sys.argv[0]
    start = [python(), *python_options(sys.orig_argv)]
    if spec is not None:
        start += ["-m", spec.name.removesuffix(".__main__")]
    elif file.endswith(".py") or not os.access(file, os.X_OK):
        start.append(file)
    else:
        start = [file]
    for argument in _with_values(sys.argv[1:]):
        if argument[0].startswith("-") or role(argument[0]) == "mode":
            start += argument
    return start


def without_configs(command: Sequence[str]) -> list[str]:
    """A command of a Hydra app without the options for the place of its configs.

    >>> without_configs(["app.py", "-m", "-cn", "config", "--config-dir=more"])
    ['app.py', '-m']
    """
    arguments: list[str] = []
    for argument in _with_values(command):
        if argument[0].partition("=")[0] not in _CONFIGS:
            arguments += argument
    return arguments


def _with_values(arguments: Iterable[str]) -> Iterator[list[str]]:
    """The arguments of a command, each option together with its value.

    >>> [*_with_values(["-m", "-cn", "config", "--config-dir=more", "lr=1"])]
    [['-m'], ['-cn', 'config'], ['--config-dir=more'], ['lr=1']]
    """
    rest = iter(arguments)
    for argument in rest:
        yield [argument, *islice(rest, argument in _VALUED)]


def command_of(app: AppContext) -> list[str]:
    """The command that started the sweep, without overrides; empty if Python code started it.

    If a script starts it through `Sweep.launch`, another library or `main.run([...])`, or if it
    runs in `python -c`, the command line does not select a job.
    """
    if app.launched is not None or sys.argv[:1] == ["-c"]:
        return []
    given = sys.orig_argv[arguments_start(sys.orig_argv) :]
    if "mode" in map(role, app.hydra_overrides):  # Hydra turns -m into an override
        is_given = "mode" in map(role, given)
    else:
        is_given = app.config.hydra.mode is not None  # set by a config
    return script() if is_given else []


def python() -> str:
    """This Python as a shell command: its name if that is on the PATH, else its path."""
    name = os.path.basename(sys.executable)
    # Links are not resolved: a virtual environment links to the Python that made it.
    return name if shutil.which(name) == sys.executable else sys.executable


def relaunch_hint(directory: str, rerun: str | None = None) -> str:
    """How to resume a sweep that was launched from Python; see `resume_command`.

    >>> relaunch_hint("runs/1", "all")
    "the same launch, with sweep_dir='runs/1', resume=True, rerun='all'"
    """
    rerun_argument = "" if rerun is None else f", rerun={rerun!r}"
    return f"the same launch, with sweep_dir={directory!r}, resume=True{rerun_argument}"


def resume_command(
    start: Sequence[str],
    hydra_overrides: Sequence[str],
    directory: str,
    rerun: str | None = None,
    *,
    overwrites: bool = False,
) -> str:
    """The shell command that resumes a sweep.

    Args:
        start: the command that started it, without overrides; empty if Python code did.
        hydra_overrides: the overrides of Hydra that it was given.
        directory: the sweep directory.
        rerun: which jobs are still to be rerun, if it has to be given.
        overwrites: whether the sweep was started with overwrite=true.

    >>> resume_command(["python", "train.py", "-m"], ["hydra/launcher=joblib"], "runs/1")
    'python train.py -m hydra/launcher=joblib hydra.sweeper.resume=runs/1'
    >>> resume_command([], [], "runs/1")
    'the same launch, with hydra.sweeper.resume=runs/1'
    """
    arguments = [line for line in hydra_overrides if role(line) == "how"]
    if overwrites:
        arguments.append("hydra.sweeper.overwrite=false")  # a config may set it to true
    arguments.append(assignment("hydra.sweeper.resume", directory))
    if rerun is not None:
        arguments.append(assignment("hydra.sweeper.rerun", rerun))
    command = shlex.join([*start, *arguments])
    return command if start else f"the same launch, with {command}"
