"""What stands in a file for the values of an axis: a list, or a sweep in Hydra's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from params_proto.algebra.axes import FromText
from params_proto.errors import SweepError, shown
from params_proto.keys import key_error
from params_proto.overrides.reading import may_sweep, read, shuffles, sweep_values
from params_proto.storage.torn import torn_call

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader

_RANGE = re.compile(r"range\((-?\d{1,18}),(-?\d{1,18})(?:,(-?[1-9]\d{0,17}))?\)", re.ASCII)


def listed(step: str, key: Any, values: Any, config_loader: ConfigLoader | None) -> Any:
    """The values of an axis as its call in Python takes them.

    Args:
        step: `product` or `zip`, for the message.
        key: the key of the axis.
        values: what stands in the file.
        config_loader: Hydra's, for a `glob`.

    Raises:
        SweepError: no list and no sweep, or a sweep that is another one each time it is read.

    >>> listed("product", "lr", "range(1,5)", None), listed("product", "lr", [1, 2], None)
    (FromText(read=range(1, 5)), [1, 2])
    """
    needs = f"{step}: {key if isinstance(key, str) else shown(key)} needs a list of values, got"
    if isinstance(values, Mapping):
        inner = next(iter(cast("Mapping[Any, Any]", values)), "name")
        raise SweepError(
            f"{needs} a mapping. Write its keys with dots, {key}.{inner}: [...], or put whole"
            " mappings into a list."
        )
    if values is None or isinstance(values, (bool, int, float)):
        said = "null" if values is None else shown(values).lower()
        raise SweepError(
            f"{needs} {said}. Write {key}: [{said}], or pin it: set: {{{key}: {said}}}."
        )
    if not isinstance(values, str) or key_error(key):
        return values
    return _of_hydra(step, key, values, config_loader)


def _of_hydra(step: str, key: str, text: str, config_loader: ConfigLoader | None) -> FromText:
    numbers = _RANGE.fullmatch(text)
    if numbers:  # as `save` writes it: no need for Hydra's parser
        ends = [int(number) for number in numbers.groups() if number is not None]
        return FromText(range(*ends))
    if shuffles(text):
        raise SweepError(
            f"{step}: {key}={text} is in another order each time it is read, so that the file would"
            " not say which sweep it is. Write the values in the order that you want, or shuffle"
            " all configs by a step with a seed, shuffle: {seed: 0}."
        )
    try:
        return FromText(sweep_values(key, text, config_loader))
    except SweepError as error:
        raise SweepError(f"{step}: {error}") from error


def options(key: Any, value: Any, config_loader: ConfigLoader | None) -> Any:
    """What stands in a file for the values that `exclude` drops: one of them, a list, or a sweep.

    Args:
        key: their key.
        value: what stands in the file.
        config_loader: Hydra's, for a `glob`.

    Raises:
        SweepError: as `listed`.

    >>> options("seed", "1,2", None), options("seed", "range(0,9)", None)
    (FromText(read=[1, 2]), FromText(read=range(0, 9)))
    >>> options("name", "one (two", None), options("name", "1", None)
    ('one (two', '1')
    """
    if not isinstance(value, str) or not may_sweep(value) or key_error(key):
        return value
    try:
        if not read(f"{key}={value}", config_loader).is_sweep_override():
            return value
    except SweepError:  # other text
        return value
    return _of_hydra("exclude", key, value, config_loader)


def whole(step: str, key: Any, parts: list[Any]) -> None:
    """Checks that a list between brackets holds no sweep of Hydra that YAML has torn.

    Args:
        step: `product` or `zip`, for the message.
        key: the key of the axis.
        parts: the values, in quotes where they have some in the file.

    Raises:
        SweepError: it does.
    """
    torn = torn_call(parts)
    if torn:
        raise SweepError(
            f"{step}: {key}: within brackets {torn} is several strings, as YAML ends each at a"
            f" comma. Quote it without the brackets, {key}: '{torn}'."
        )
