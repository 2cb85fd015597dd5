"""Lines of Hydra's overrides -> a Sweep, made by the same calls as in Python."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable

from params_proto.algebra.axes import FromText
from params_proto.algebra.builder import Builder
from params_proto.errors import Mistake, SweepError, shown, together
from params_proto.keys import bare
from params_proto.overrides.lines import Given, given
from params_proto.storage.groups import options_in


def sweep_of_lines(
    lines: Iterable[str], empty: Builder, config_dir: str | os.PathLike[str] | None = None
) -> Builder:
    """The sweep of some overrides: an axis for what is swept, a pin for what is not.

    Args:
        lines: the overrides.
        empty: the sweep of nothing yet, over its targets.
        config_dir: where a `glob` finds the options of a config group.

    Raises:
        SweepError: what is no override, and whatever the calls raise: all of it.

    >>> sweep_of_lines(["lr=1,2", "seed=3"], Builder())
    Sweep().product(lr=[1, 2]).set(seed=3)
    """
    if isinstance(lines, (str, bytes)):
        raise SweepError(
            f"from_overrides takes a list of lines, got {shown(lines)}. Write [{shown(lines)}]."
        )
    listed = list(lines)
    for line in listed:
        if not isinstance(line, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SweepError(
                f"from_overrides takes lines of text, got {shown(line)}. Write 'lr=0.1,0.01'."
            )
    loader = None if config_dir is None else options_in(config_dir)
    read = given(listed, loader, once=True)
    names = {one.name for one in read}
    result, mistakes = empty, list[Mistake]()
    for one in read:
        try:
            _refuse_deletion(one, names)
            add = result.product if one.swept else result.set
            result = add({one.key: FromText(one.values if one.swept else one.values[0])})
        except SweepError as error:
            mistakes += error.mistakes
    if mistakes:
        raise together(mistakes)
    return result


def _refuse_deletion(one: Given, names: Container[str]) -> None:
    name = bare(one.key)
    if name in names and name != one.name:
        raise SweepError(
            f"{one.key} would delete a key that another line gives a value. Leave out one of them."
        )
