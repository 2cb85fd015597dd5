"""The overrides that a sweep was given in Hydra's syntax: `hydra.sweeper.params`, command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from params_proto.errors import SweepError
from params_proto.overrides.literals import OverrideText
from params_proto.overrides.parse import (
    KeyValues,
    enumerate_sweep,
    from_hydra,
    group_exists,
    is_hydra_1_3,
    read,
    values_of,
)
from params_proto.overrides.parse import read_lines as lines_given
from params_proto.overrides.render import render

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig


def resolved_params(params: Any, config: DictConfig) -> dict[str, str]:
    r"""`hydra.sweeper.params`, resolved as for Hydra's basic sweeper.

    Args:
        params: what reached the sweeper: it stands nowhere any more, and has an interpolation
            where there was one behind a backslash.
        config: the composed config of the multirun, in which it stood.

    >>> from omegaconf import OmegaConf
    >>> composed = OmegaConf.create({"seed": 7, "hydra": {"sweeper": {"params": None}}})
    >>> resolved_params({"lr": "${seed},2"}, composed), resolved_params(None, composed)
    ({'lr': '7,2'}, {})
    """
    from omegaconf import OmegaConf

    if not params:
        return {}
    placed: Any = OmegaConf.merge(config, {"hydra": {"sweeper": {"params": params}}})
    node: Any = placed.hydra.sweeper.params
    return {} if node is None else cast("Any", OmegaConf.to_container(node, resolve=True))


def given(lines: Iterable[str], config_loader: ConfigLoader | None = None) -> list[KeyValues]:
    """The keys and values of some overrides, rendered as Hydra's basic sweeper renders them.

    Args:
        lines: the overrides. Where a key stands twice, the last one wins.
        config_loader: Hydra's, for `glob`.

    Raises:
        SweepError: what Hydra cannot read, or what cannot be enumerated.

    >>> given(["lr=0.1,0.2", '+x="a"'])[1].values[0].text
    '"a"'
    """
    return lines_given(lines, config_loader, _as_spelled)


def _as_spelled(override: Override) -> Sequence[Any]:
    if not override.is_sweep_override():
        return [_fixed(override.get_key_element(), override)]
    return values_of(override, verbatim)


def _fixed(key: str, override: Override) -> Any:
    """The one value of an override that is no sweep."""
    value: object = override.value()
    plain = from_hydra(value)  # which refuses what Hydra has no text for
    text = override.get_value_element_as_str()
    if override.is_delete() and value is None:
        return None if _deletes_a_value(override) else OverrideText(text, text)
    if isinstance(value, (list, dict)):
        # A choice of one: so the parser gives the value with the quotes that it was written with.
        try:
            value = verbatim(enumerate_sweep(read(f"{key}=choice({text})"))[0])
        except SweepError:  # str(['a,',' b']), whose text is for the job to refuse
            return OverrideText(text, text)
        return _spelled(value, text)
    return _spelled(plain, text)


def _deletes_a_value(override: Override) -> bool:
    """Whether it is `~x`, and not to be spelled ~x=null, as Hydra's basic sweeper does.

    For Hydra 1.4 that deletes a value only if it is null, and a config group as ever.
    """
    if override.value_type is not None or is_hydra_1_3():
        return False
    loader = override.config_loader
    return loader is None or not group_exists(loader, override.key_or_group)


def verbatim(raw: object) -> Any:
    """A value as Hydra's parser gives it -> a Python value that renders as Hydra renders it."""
    from hydra.core.override_parser.types import Transformer

    plain = from_hydra(raw)  # which refuses what Transformer has no text for
    text = Transformer.str(cast("Any", raw))
    if isinstance(raw, list):
        value: Any = [verbatim(element) for element in cast("list[object]", raw)]
    elif isinstance(raw, dict):
        entries = cast("dict[object, object]", raw)
        value = {from_hydra(key): verbatim(element) for key, element in entries.items()}
    else:
        value = plain
    return _spelled(value, text)


def _spelled(value: Any, text: str) -> Any:
    try:
        if render(value) == text:
            return value
    except SweepError:  # the key of a dict that Hydra reads, but that has no text of its own
        pass
    return OverrideText(value if isinstance(value, str) else text, text)
