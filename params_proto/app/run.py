"""A run of a decorated function as a Hydra app, and the mistakes in its command line."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Container, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout, suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from params_proto.app.task import JobError, Task
from params_proto.compose.internals import IS_HYDRA_1_3
from params_proto.errors import SweepError, together
from params_proto.fields import Target
from params_proto.fields.schema import structured_config
from params_proto.overrides.parse import read

if TYPE_CHECKING:
    from params_proto.app.function import App

_SCHEMA: Final = "params_proto_schema"
# Hydra 1.3 warns where it is left out, Hydra 1.4 where it is given.
_VERSION_BASE: dict[str, Any] = {"version_base": "1.3"} if IS_HYDRA_1_3 else {}
_MODES = ("-m", "--multirun", "-r", "--run", "-h", "--help")
_COMPLETION = re.compile(r"-sc|--sh")  # whose arguments look like overrides
# What on the command line names configs of the user's.
_CONFIGS = re.compile(r"-c[pnd]|--config|\+*hydra\.searchpath")


def run(app: App[..., Any], argv: Sequence[str] | None = None) -> None:
    """Runs the Hydra app of a decorated function, as `hydra.main` does.

    Args:
        app: the decorated function.
        argv: the command line without the script's name; the process's own if None.

    Raises:
        SweepError: two things have one name in the config, or a default does not go into its
            parameter; or another app or a job runs.
        SystemExit: a mistake on the command line, which has been reported.
    """
    if GlobalHydra.instance().is_initialized():
        name = app.__name__
        raise SweepError(
            f"{name}.run(...) inside a Hydra job or app: one process runs one app at a time. Call"
            f" {name}(name=value) there for its body, or run it in a process of its own."
        )
    arguments = sys.argv[1:] if argv is None else list(argv)
    configs_of_user = [app.config_path, app.config_name, *map(_CONFIGS.match, arguments)]
    task = Task.of(app, closed=not any(configs_of_user))
    main = hydra.main(app.config_path, app.config_name, **_VERSION_BASE)(task)
    try:
        if not any(map(_COMPLETION.match, arguments)):
            arguments = in_full(task, arguments, partial(_root_names, main, task))
    except SweepError as error:
        sys.stderr.write(f"{error}\n")  # as Hydra reports one
        sys.exit(1)
    configs = app_configs(task.targets, {"sweeper": "params_proto"})
    page = nullcontext()
    if {"-h", "--help"} & {*arguments}:
        from params_proto.app import help  # which reads the source

        configs = {**app_configs(task.targets, help.DEFAULTS), help.CONFIG: help.page(task)}
        page = help.resolver(task)
    with page, stored(configs), _as_command_line(arguments):
        try:
            main()
        except SystemExit as end:
            # Its argparse ends with 2 because of an option, Hydra with 1 because of an override.
            mark = "--" if end.code == 2 else "="
            if end.code:
                refused = [one for one in arguments if mark in one]
                sys.stderr.writelines(f"{line}\n" for line in suggestions(task, refused))
            raise


def _root_names(main: Callable[[], None], task: Task, arguments: Sequence[str]) -> set[str]:
    """The names at the root of an app's config by a command line."""
    groups = set(ConfigStore.instance().repo)
    if task.closed:
        return groups
    # What is swept is not in the config of a multirun either.
    line = [one for one in arguments if one not in _MODES and not sweeps(one)]
    line += ["--cfg", "job", "--package", "_global_"]
    shown = io.StringIO()
    with (
        stored(app_configs(task.targets, {})),
        _as_command_line(line),
        suppress(SystemExit, Exception),  # Hydra reports what is wrong when the app runs
        redirect_stdout(shown),
        redirect_stderr(io.StringIO()),
    ):
        main()
        groups.update(HydraConfig.get().runtime.choices)
    return groups.union(re.findall(r"^([^\s:]+):", shown.getvalue(), re.MULTILINE))


@contextmanager
def _as_command_line(arguments: Sequence[str]) -> Generator[None, None, None]:
    """Gives Hydra the arguments; afterwards the process is as it was before."""
    argv, config, hook = sys.argv, HydraConfig.instance().cfg, sys.excepthook

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, JobError):
            sys.stderr.write(f"{error}\n")
        else:
            hook(kind, error, trace)

    sys.argv = [*argv[:1], *arguments]
    # Hydra 1.4 shows a traceback of whatever a job raises, but through this hook.
    sys.excepthook = show
    try:
        yield
    finally:
        # --cfg and --help leave a config behind, which would look like a running job.
        sys.argv, HydraConfig.instance().cfg, sys.excepthook = argv, config, hook


# --- what Hydra's ConfigStore holds while an app runs; other apps see Hydra's own configs


def app_configs(targets: Iterable[Target], defaults: Mapping[str, str]) -> dict[str, Any]:
    """The configs of an app, by their paths: its fields, and Hydra's own with them before all else.

    Args:
        targets: its function, and its prefix classes.
        defaults: options of Hydra's own groups. What an application or a plugin has chosen in place
            of Hydra's own defaults stays.

    Raises:
        SweepError: a field cannot be a node, or a default does not go into its field.
    """
    schema = OmegaConf.create()
    for target in targets:
        config = structured_config(target)
        schema.merge_with({target.node: config} if target.node else config)
    hydra_config = ConfigStore.instance().load("hydra/config.yaml").node
    listed: list[Any] = [f"/{_SCHEMA}@_global_"]
    for default in hydra_config.defaults:
        if OmegaConf.is_dict(default):
            ((group, option),) = default.items()
            if option in ("basic", "default"):
                default = {group: defaults.get(group, option)}
        listed.append(default)
    hydra_config.defaults = listed
    return {_SCHEMA: schema, "hydra/config": hydra_config}


@contextmanager
def stored(configs: Mapping[str, Any]) -> Generator[None, None, None]:
    """Keeps configs, by their paths, in the store during a block; afterwards it is as before.

    Only these are taken back: what plugins store when Hydra first loads them stays.
    """
    store = ConfigStore.instance()
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    for path, config in configs.items():
        group, _, name = path.rpartition("/")
        folder = store.repo
        for part in group.split("/") if group else ():
            folder = folder.setdefault(part, {})
        file = f"{name}.yaml"
        # Hydra 1.4 warns about a config that takes another's place.
        replaced.append((folder, file, folder.pop(file, None)))
        store.store(name, config, group or None, provider="params_proto")
    try:
        yield
    finally:
        for folder, file, config in reversed(replaced):
            folder.pop(file, None)
            if config is not None:
                folder[file] = config


# --- overrides


def in_full(
    task: Task, lines: Sequence[str], at_root: Callable[[list[str]], Container[str]]
) -> list[str]:
    """Overrides with the node of each field that they give by its plain name, checked.

    Args:
        task: the app's.
        lines: its command line, or overrides in place of one.
        at_root: gives the names at the root of the config by the other lines. It is called only if
            a line may give a field of a prefix class.

    Raises:
        SweepError: names that several classes have, or that neither a parameter nor a field has.
    """
    keys = {line: line.partition("=")[0] for line in lines if "=" in line}
    plain = {line: key for line, key in keys.items() if task.is_plain(key)}
    if plain:
        names = at_root([line for line in lines if line not in plain])
        full = {line: task.in_full(key, names) + line[len(key) :] for line, key in plain.items()}
        lines = [full.get(line, line) for line in lines]
    # What is swept, or added with +, is checked with the jobs; the user's configs can have any key.
    single = [line for line in lines if task.closed and "=" in line and not sweeps(line)]
    mistakes = [task.unknown(line.partition("=")[0]) for line in single]
    if any(mistakes):
        raise together([one for one in mistakes if one])
    return list(lines)


def suggestions(task: Task, arguments: Sequence[str]) -> Iterator[str]:
    """What was probably meant by overrides, or options, that Hydra has refused.

    Args:
        task: the app's.
        arguments: its command line.
    """
    for argument in arguments:
        key = argument.partition("=")[0]
        close = task.suggestion(key.removeprefix("--").replace("-", "_"))  # --lr 0.1 for lr=0.1
        # The sweeper has reported the mistakes in what is swept.
        if close and close != key and not sweeps(argument):
            yield f"{key}: did you mean {close}=...?"


def sweeps(argument: str) -> bool:
    """Whether an argument is an override that gives several values."""
    try:
        return "=" in argument and read(argument).is_sweep_override()
    except SweepError:  # which Hydra reports
        return False
