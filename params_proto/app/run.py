"""A run of a decorated function's command line, as a Hydra app."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    redirect_stderr,
    redirect_stdout,
)
from functools import partial
from types import TracebackType
from typing import Any, cast

import hydra
import yaml
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

from params_proto.app.arguments import completes, refuse, refuse_mistakes
from params_proto.app.configs import entries, task_of
from params_proto.app.function import App
from params_proto.app.meant import hints
from params_proto.app.plain_names import in_full
from params_proto.app.store import Entry, stored
from params_proto.app.task import JobError, Task
from params_proto.errors import SweepError
from params_proto.overrides.parse import is_hydra_1_3, read

_SWEEPER = "params_proto"
# Hydra 1.3 warns where it is left out, Hydra 1.4 where it is given.
_VERSION_BASE: dict[str, Any] = {"version_base": "1.3"} if is_hydra_1_3() else {}
_RUNS = ("-m", "--multirun", "-r", "--run")
# What on the command line names configs of the user's.
_CONFIGS = re.compile(r"-c[pnd]|--config|\+*hydra\.searchpath")


def run(app: App[..., Any], argv: Sequence[str] | None = None) -> None:
    """Runs the Hydra app of a decorated function, as `hydra.main` does.

    Args:
        app: the decorated function.
        argv: the command line without the script's name; the process's own if None.

    Raises:
        SweepError: two things have one name in the config, or a default is no value for it; or
            another app or a job runs.
        SystemExit: a mistake on the command line, which has been told.
    """
    if GlobalHydra.instance().is_initialized():
        name = app.__name__
        raise SweepError(
            f"{name}.run(...) inside a Hydra job or app: one process runs one app at a time. Call"
            f" {name}(name=value) there for its body, or run it in a process of its own."
        )
    if isinstance(argv, str):
        raise TypeError(f"run takes a list of arguments, got {argv!r}: write [{argv!r}].")
    arguments = sys.argv[1:] if argv is None else list(argv)
    closed = app.config_path is None and app.config_name is None
    task = task_of(app, closed=closed and not any(map(_CONFIGS.match, arguments)))
    main = hydra.main(app.config_path, app.config_name, **_VERSION_BASE)
    if not completes(arguments):
        try:
            arguments = in_full(task, arguments, partial(_root_names, main(task), task))
        except SweepError as error:
            refuse(error)
    refuse_mistakes(task, arguments)
    defaults = {"sweeper": _SWEEPER}
    pages: list[Entry] = []
    page: AbstractContextManager[None] = nullcontext()
    if _asks_for_help(arguments):
        from params_proto.app import help_page  # which reads the source

        pages = [help_page.entry(task)]
        defaults["help"] = help_page.NAME
        page = help_page.resolving(task)
    configs = stored([*pages, *entries(task, defaults)])
    with page, configs, _command_line(arguments), _hydra_config_kept(), _short_errors():
        try:
            main(task)()
        except SystemExit as end:
            # Hydra has told why. An app without configs of its own has told all that is unknown.
            if end.code == 1 and not task.closed:
                sys.stderr.writelines(f"{hint}\n" for hint in hints(task, arguments))
            raise


def _root_names(app: Callable[[], None], task: Task, arguments: Sequence[str]) -> set[str] | None:
    """The names at the root of an app's config by a command line; None where it has none."""
    groups = set(ConfigStore.instance().repo)
    if task.closed:
        return groups
    # What is swept is not in the config of a multirun either.
    line = [one for one in arguments if one not in _RUNS and not _sweeps(one)]
    line += ["--cfg", "job", "--package", "_global_"]
    shown = io.StringIO()
    with stored(entries(task, {})), _command_line(line), _hydra_config_kept():
        try:
            with redirect_stdout(shown), redirect_stderr(io.StringIO()):
                app()
        except (SystemExit, Exception):  # Hydra says what is wrong when the app runs
            return None
        groups.update(HydraConfig.get().runtime.choices)
    config = cast("Any", yaml).compose(shown.getvalue())  # the types in it are the user's
    return groups.union(key.value for key, _ in config.value)


def _sweeps(argument: str) -> bool:
    try:
        return "=" in argument and read(argument).is_sweep_override()
    except SweepError:  # which Hydra tells
        return False


def _asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether the app's own help page is asked for; argparse takes a long option's beginning."""
    return any(
        argument == "-h" or (argument.startswith("--he") and "--help".startswith(argument))
        for argument in arguments
    )


@contextmanager
def _command_line(arguments: Sequence[str]) -> Generator[None, None, None]:
    before = sys.argv
    sys.argv = [*before[:1], *arguments]
    try:
        yield
    finally:
        sys.argv = before


@contextmanager
def _hydra_config_kept() -> Generator[None, None, None]:
    """Takes back what `--cfg` and `--help` leave behind, which would look like a running job."""
    before = HydraConfig.instance().cfg
    try:
        yield
    finally:
        HydraConfig.instance().cfg = before


@contextmanager
def _short_errors() -> Generator[None, None, None]:
    """Shows the message alone of values that a job cannot start with.

    Hydra 1.4 shows a traceback of whatever a job raises, but through this hook.
    """
    before = sys.excepthook

    def show(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, JobError):
            sys.stderr.write(f"{error}\n")
        else:
            before(kind, error, traceback)

    sys.excepthook = show
    try:
        yield
    finally:
        sys.excepthook = before
