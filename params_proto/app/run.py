"""Runs a decorated function as a Hydra app, and reports mistakes in its command line."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
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
from params_proto.errors import SweepError
from params_proto.fields import Target
from params_proto.fields.schema import structured_config
from params_proto.fields.signature import owner_of, owners_of
from params_proto.overrides.parse import read

if TYPE_CHECKING:
    from params_proto.app.function import App

_SCHEMA: Final = "params_proto_schema"
# Hydra 1.3 warns if it is omitted, Hydra 1.4 if it is given.
_VERSION_BASE: dict[str, Any] = {"version_base": "1.3"} if IS_HYDRA_1_3 else {}
_MODES = ("-m", "--multirun", "-r", "--run", "-h", "--help")
_COMPLETION = re.compile(r"-sc|--sh")  # whose arguments look like overrides
# Command-line options and overrides that name the user's configs.
_CONFIGS = re.compile(r"-c[pnd]|--config|\+*hydra\.searchpath")


def run(app: App[..., Any], argv: Sequence[str] | None = None) -> None:
    """Runs the Hydra app of a decorated function, as `hydra.main` does."""
    if GlobalHydra.instance().is_initialized():
        name = app.__name__
        raise SweepError(
            f"{name}.run(...) was called inside a Hydra job or app, and a process runs one app at a"
            f" time. Call {name}(name=value) there for its body, or run it in a separate process."
        )
    arguments = sys.argv[1:] if argv is None else list(argv)
    configs_of_user = [app.config_path, app.config_name, *map(_CONFIGS.match, arguments)]
    task = Task.of(app, closed=not any(configs_of_user))
    main = hydra.main(app.config_path, app.config_name, **_VERSION_BASE)(task)
    try:
        if not any(map(_COMPLETION.match, arguments)):
            arguments = resolve_overrides(task, arguments, partial(_root_names, main, task))
    except SweepError as error:
        sys.stderr.write(f"{error}\n")  # as Hydra reports its own
        sys.exit(1)
    configs = app_configs(task.targets, {"sweeper": "params_proto"})
    page = nullcontext()
    if {"-h", "--help"} & {*arguments}:
        from params_proto.app import help  # needed only here

        configs = {**app_configs(task.targets, help.DEFAULTS), help.CONFIG: help.page(task)}
        page = help.resolver(task)
    with page, configs_in_store(configs), _as_command_line(arguments):
        try:
            main()
        except SystemExit as end:
            # argparse exits with 2 for a wrong option, Hydra with 1 for a wrong override.
            mark = "--" if end.code == 2 else "="
            if end.code:
                rejected = [argument for argument in arguments if mark in argument]
                sys.stderr.writelines(f"{line}\n" for line in suggestions(task, rejected))
            raise


def _root_names(main: Callable[[], None], task: Task, arguments: Sequence[str]) -> set[str]:
    """The names at the root of an app's config for a command line."""
    groups = set(ConfigStore.instance().repo)
    if task.closed:
        return groups
    # Swept values are not in the config of a multirun either.
    line = [argument for argument in arguments if argument not in _MODES and not sweeps(argument)]
    line += ["--cfg", "job", "--package", "_global_"]
    shown = io.StringIO()
    with (
        configs_in_store(app_configs(task.targets, {})),
        _as_command_line(line),
        suppress(SystemExit, Exception),  # Hydra reports the error when the app runs
        redirect_stdout(shown),
        redirect_stderr(io.StringIO()),
    ):
        main()
        groups.update(HydraConfig.get().runtime.choices)
    return groups.union(re.findall(r"^([^\s:]+):", shown.getvalue(), re.MULTILINE))


@contextmanager
def _as_command_line(arguments: Sequence[str]) -> Generator[None, None, None]:
    """Passes the arguments to Hydra; restores the process afterwards."""
    argv, config, hook = sys.argv, HydraConfig.instance().cfg, sys.excepthook

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, JobError):
            sys.stderr.write(f"{error}\n")
        else:
            hook(kind, error, trace)

    sys.argv = [*argv[:1], *arguments]
    # Hydra 1.4 shows tracebacks of jobs' exceptions through this hook.
    sys.excepthook = show
    try:
        yield
    finally:
        # --cfg and --help leave a config behind that looks like a running job.
        sys.argv, HydraConfig.instance().cfg, sys.excepthook = argv, config, hook


# --- what Hydra's ConfigStore holds while an app runs; other apps see Hydra's own configs


def app_configs(targets: Iterable[Target], defaults: Mapping[str, str]) -> dict[str, Any]:
    """The configs of an app by path: its fields, and defaults for Hydra's own options.

    `defaults` choose options of Hydra's groups; choices that an application or plugin has made in
    place of Hydra's stay.
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
def configs_in_store(configs: Mapping[str, Any]) -> Generator[None, None, None]:
    """Stores configs by path in Hydra's store during a block.

    Only these are removed again: what plugins store when Hydra first loads them stays.
    """
    store = ConfigStore.instance()
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    for path, config in configs.items():
        group, _, name = path.rpartition("/")
        folder = store.repo
        for part in filter(None, group.split("/")):
            folder = folder.setdefault(part, {})
        file = f"{name}.yaml"
        # Hydra 1.4 warns if a config replaces another.
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


def resolve_overrides(
    task: Task, lines: Sequence[str], at_root: Callable[[list[str]], set[str]]
) -> list[str]:
    """Overrides with full keys, for fields that they give by their plain name, checked.

    `at_root` returns the names at the root of the config composed from the other lines. It is
    called only if a line may give a field of a prefix class.
    """
    keys = {line: line.partition("=")[0] for line in lines if "=" in line}
    plain = {
        line: key
        for line, key in keys.items()
        if any(target.node for target in owners_of(key, task.targets, task.nodes))
    }
    if plain:
        names = at_root([line for line in lines if line not in plain]) | task.nodes.keys()
        full: dict[str, str] = {}
        for line, key in plain.items():
            owner = owner_of(key, task.targets, names)
            if owner is not None:  # else the config has this name
                full[line] = f"{owner.node}.{line}"
        lines = [full.get(line, line) for line in lines]
    # Swept and added (+) keys are checked with the jobs; the user's configs may have any key.
    if task.closed:
        single = [line for line in lines if "=" in line and not sweeps(line)]
        task.refuse_unknown([line.partition("=")[0] for line in single])
    return list(lines)


def suggestions(task: Task, arguments: Sequence[str]) -> Iterator[str]:
    """Suggestions for overrides or options that Hydra has rejected."""
    for argument in arguments:
        key = argument.partition("=")[0]
        close = task.suggestion(key.removeprefix("--").replace("-", "_"))  # --lr 0.1 for lr=0.1
        # The sweeper has reported mistakes in swept keys. With +, a config group may be chosen.
        if close and close != key and key[0] != "+" and not sweeps(argument):
            yield f"{key}: did you mean {close}=...?"


def sweeps(argument: str) -> bool:
    """Whether an argument is an override with several values."""
    try:
        return "=" in argument and read(argument).is_sweep_override()
    except SweepError:  # reported by Hydra
        return False
