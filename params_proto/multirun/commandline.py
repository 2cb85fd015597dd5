"""The overrides that a sweep was given in Hydra's syntax: `hydra.sweeper.params`, command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from params_proto.errors import SweepError, together
from params_proto.keys import bare
from params_proto.overrides.literals import OverrideText
from params_proto.overrides.reading import enumerated, native, read
from params_proto.overrides.rendering import render

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override


@dataclass(frozen=True)
class Given:
    """A key that was given values.

    Args:
        key: as it was spelled: `+db@pkg`.
        values: what Hydra read, rendered as Hydra's basic sweeper renders it.
        swept: whether they were given as a sweep, be it of one value.
        drawn: whether their order is a random one, of this process alone.
    """

    key: str
    values: Sequence[Any]
    swept: bool = False
    drawn: bool = False

    @property
    def name(self) -> str:
        """What the key is about, however it is spelled; a deletion is not about the value."""
        return self.key if self.key.startswith("~") else bare(self.key)


def given(lines: Iterable[str], config_loader: ConfigLoader | None = None) -> list[Given]:
    """The keys and values of some overrides, in their order.

    Args:
        lines: the overrides. Where a key stands twice, the last one wins, at the place of the
            first.
        config_loader: Hydra's, for `glob`.

    Raises:
        SweepError: a line that Hydra cannot read, or whose values cannot be enumerated; all of
            them.

    >>> given(["lr=0.1,0.2", "+x=a", "lr=1,2"])
    [Given(key='lr', values=(1, 2), swept=True, drawn=False), \
Given(key='+x', values=('a',), swept=False, drawn=False)]
    """
    read_ones: dict[str, Given] = {}
    mistakes: list[str] = []
    for line in lines:
        try:
            one = _given(read(line, config_loader))
        except SweepError as error:
            mistakes.append(str(error))
        else:
            read_ones[one.key] = one
    if mistakes:
        raise together(mistakes)
    return _last_ones(read_ones.values())


def _given(override: Override) -> Given:
    key = override.get_key_element()
    if not override.is_sweep_override():
        return Given(key, (_fixed(key, override),))
    values = enumerated(override)
    if isinstance(values, range):
        return Given(key, values, swept=True)
    drawn = bool(getattr(override.value(), "shuffle", False))
    return Given(key, tuple([verbatim(value) for value in values]), swept=True, drawn=drawn)


def _last_ones(all_of_them: Iterable[Given]) -> list[Given]:
    """One for each name that is swept, where `lr=1,2 ++lr=3` would run its jobs twice.

    Hydra applies what is not swept one after the other, and so it stays.
    """
    listed = list(all_of_them)
    swept = {one.name for one in listed if one.swept}
    merged: dict[object, Given] = {}
    for at, one in enumerate(listed):
        slot = one.name if one.name in swept else at
        before = merged.get(slot)
        # `+lr=1,2 lr=3`: the key that the first one adds, with the value of the last.
        added = before is not None and one.key == one.name
        merged[slot] = replace(one, key=before.key) if before is not None and added else one
    return list(merged.values())


def _fixed(key: str, override: Override) -> Any:
    """The one value of an override that is no sweep."""
    value: object = override.value()
    text = override.get_value_element_as_str()
    if override.value_type is None:
        # `~db`, which Hydra's basic sweeper spells ~db=null: for Hydra 1.4 that is something else.
        return OverrideText(text, text) if _older_than_1_4() else None
    if isinstance(value, (list, dict)):
        # A choice of one: so the parser gives the value with the quotes that it was written with.
        return verbatim(enumerated(read(f"{key}=choice({text})"))[0])
    return _spelled(native(value), text)


def _older_than_1_4() -> bool:
    from hydra import __version__

    return tuple(map(int, __version__.split(".")[:2])) < (1, 4)


def verbatim(raw: object) -> Any:
    """A value as Hydra's parser gives it -> a Python value that renders as Hydra renders it."""
    from hydra.core.override_parser.types import Transformer

    text = Transformer.str(cast("Any", raw))
    if isinstance(raw, list):
        value: Any = [verbatim(element) for element in cast("list[object]", raw)]
    elif isinstance(raw, dict):
        entries = cast("dict[object, object]", raw)
        value = {native(key): verbatim(element) for key, element in entries.items()}
    else:
        value = native(raw)
    return _spelled(value, text)


def _spelled(value: Any, text: str) -> Any:
    try:
        if render(value) == text:
            return value
    except SweepError:  # the key of a dict that Hydra reads, but that has no text of its own
        pass
    return OverrideText(value if isinstance(value, str) else text, text)
