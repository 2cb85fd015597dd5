"""`hydra.sweeper.sweep`: steps in the config, a file, or a Sweep in Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from params_proto._keys import bare
from params_proto.algebra.builder import Builder
from params_proto.algebra.scope import Scope
from params_proto.errors import SweepError, shown
from params_proto.multirun.asked.sweeps import SweepFile, as_run
from params_proto.overrides.parse import from_hydra
from params_proto.sweep import Sweep

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig

_FILES = (".yaml", ".yml", ".jsonl", ".csv")
_FORMS = (
    "Write steps (product: {lr: [0.1, 0.01]}), a file that Sweep.save wrote (sweep.yaml),"
    " package.module:attribute or path/to/file.py:attribute."
)


def resolved(config: DictConfig) -> Any:
    """What stands at `hydra.sweeper.sweep`, as plain containers with every interpolation resolved.

    Args:
        config: the composed config of the multirun.
    """
    from omegaconf import OmegaConf

    node: Any = config.hydra.sweeper.sweep
    return OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node


def where(node: Any) -> str:
    """Where the steps of what stands at `hydra.sweeper.sweep` are, for messages.

    >>> where("sweep.yaml"), where({"repeat": 2})
    ('hydra.sweeper.sweep=sweep.yaml', 'hydra.sweeper.sweep')
    """
    if isinstance(node, SweepFile):
        return str(node.path)
    if isinstance(node, Sweep):
        return "the sweep"
    return f"hydra.sweeper.sweep={node}" if isinstance(node, str) else "hydra.sweeper.sweep"


def no_file(text: str, path: Path, cure: str) -> SweepError:
    """Says that what `hydra.sweeper.sweep` names is not there.

    Args:
        text: what it says.
        path: of the file.
        cure: what to do.
    """
    return SweepError(
        f"hydra.sweeper.sweep={text}: there is no file {path}. A path begins at the working"
        f" directory: {cure}."
    )


def configured(
    node: Any,
    *,
    cwd: Path,
    scope: Scope = Scope(),  # noqa: B008 - which cannot be changed
    loader: ConfigLoader | None = None,
    selects: Callable[[str], str | None] = lambda option: None,
) -> Sweep:
    """The sweep that `hydra.sweeper.sweep` says.

    Args:
        node: what stands there, its interpolations resolved, or the file of a sweep that was
            run, or the sweep itself.
        cwd: where relative paths begin.
        scope: of the keys of steps and files; a Sweep in Python has its own.
        loader: Hydra's, for `glob`.
        selects: the override that selects an option of a config group, if there is one.

    Raises:
        SweepError: it is no sweep, is not there, or sweeps a key of Hydra itself.
    """
    if node is None:
        return _sweep(Builder(scope))
    if isinstance(node, SweepFile):
        sweep = _written(node, scope, loader)
    elif isinstance(node, Sweep):
        sweep = node
    elif isinstance(node, str):
        sweep = _referred(node, cwd, scope, loader, selects)
    else:
        sweep = _steps(node, Builder(scope), loader)
    is_handed = isinstance(node, Sweep)
    place = "the sweep" if is_handed else "hydra.sweeper.sweep"
    cure = "in overrides" if is_handed else "on the command line or in the app's config"
    for key in sweep.expression.places:
        if bare(key).split(".")[0].split("/")[0] == "hydra":
            raise SweepError(
                f"{place}: {key} is a key of Hydra itself, which is the same for all jobs."
                f" Give it one value, {cure}."
            )
    return sweep


def _written(file: SweepFile, scope: Scope, loader: ConfigLoader | None) -> Sweep:
    """The sweep of a file that a multirun wrote, in which a key may stand over another.

    It has what the command line gave as well, whose keys may: `d={x: 1} d.x=1,2`.
    """
    from params_proto.storage import parsed

    empty = Builder(scope, layered=True)
    return _sweep(parsed(file.text, str(file.path), empty, config_loader=loader))


def _steps(node: Any, empty: Builder, loader: ConfigLoader | None) -> Sweep:
    from params_proto.storage import sweep_from_steps

    if not isinstance(node, (dict, list)):
        raise SweepError(f"hydra.sweeper.sweep={shown(node)} is no sweep. {_FORMS}")
    # What is an interpolation still is one for the job: `\${seed}` in the config.
    return _sweep(sweep_from_steps(from_hydra(cast("Any", node)), empty, config_loader=loader))


def _sweep(builder: Builder) -> Sweep:
    return Sweep.from_expression(builder.expression, *builder.targets)


def _referred(
    text: str,
    cwd: Path,
    scope: Scope,
    loader: ConfigLoader | None,
    selects: Callable[[str], str | None],
) -> Sweep:
    if text.endswith(_FILES):
        from params_proto.storage import load

        path = cwd / Path(text).expanduser()
        if not path.exists():
            raise no_file(text, path, "save a sweep there, or give the path from /")
        written = as_run(path)
        if written is not None:
            return _written(written, scope, loader)
        return _sweep(load(path, Builder(scope), config_loader=loader))
    place, colon, attribute = text.rpartition(":")
    if text.endswith(".py"):
        raise SweepError(
            f"hydra.sweeper.sweep={text} is a Python file: name the Sweep in it, {text}:NAME."
        )
    if not colon or not place or not attribute:
        choice = selects(text)
        hint = _FORMS if choice is None else f"Did you mean {choice}?"
        raise SweepError(f"hydra.sweeper.sweep={text} is no sweep. {hint}")
    from params_proto.multirun.asked.modules import attribute_of

    return attribute_of(text, cwd, place, attribute)
