"""The text of Hydra's overrides -> Python values, by Hydra's own parser.

From the inside out: the text of one value, the values of one override, and the keys and values of
many, where the last one wins. At the end, the options of config groups, as Hydra finds them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from sys import float_info
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from params_proto.errors import (
    Mistake,
    SweepError,
    combine_mistakes,
    short_repr,
    truncate,
    with_period,
)
from params_proto.overrides.render import OverrideText, has_interpolation, quote, unescape

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override

_MAX_LISTED = (
    100_000  # values of a range that has to be expanded; Hydra makes about 300,000 per second
)
_LONG = 500  # characters of the parser's message
# Lines of the parser's messages that only repeat the override.
_REPEATS = ("Error when parsing index", "Error parsing override")
# An unclosed quote extends to the end of the text, to avoid repeated searches for its end.
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*(?:'|\\?\Z)|"(?:\\.|[^"\\])*(?:"|\\?\Z)""", re.DOTALL)
_SHUFFLE = re.compile(r"\bshuffle\s*\(")


# --- one value


def parse(text: str) -> Any:
    """The value of an override's text; a sweep is refused.

    >>> parse("[1,a,'1']"), parse("{a: null}")
    ([1, 'a', '1'], {'a': None})
    """
    override = read(f"value={text}")
    if override.is_sweep_override():
        raise SweepError(f"{truncate(text)} is a sweep, not one value.")
    return from_hydra(override.value())


def parse_spelled(text: str) -> Any:
    """Like `parse`, but a string keeps its spelling.

    >>> parse_spelled("${oc.env:HOME}").text, parse_spelled("1")
    ('${oc.env:HOME}', 1)
    """
    value = parse(text)
    return OverrideText(value, text) if isinstance(value, str) else value


def from_hydra(value: object) -> Any:
    """Converts a value of Hydra's parser to a Python value.

    A string with an interpolation that OmegaConf would resolve becomes an `OverrideText`.
    """
    from hydra.core.override_parser.types import Glob, QuotedString, Sweep

    if isinstance(value, (Glob, Sweep)):
        raise SweepError(
            f"{type(value).__name__} inside another value: a sweep's function cannot be nested."
        )
    if isinstance(value, QuotedString):
        value = value.text
    if isinstance(value, str):
        return OverrideText(value, quote(value)) if has_interpolation(value) else unescape(value)
    if isinstance(value, list):
        return [from_hydra(element) for element in cast("list[object]", value)]
    if isinstance(value, dict):
        entries = cast("dict[object, object]", value)
        return {key: from_hydra(element) for key, element in entries.items()}
    return value


def is_sweep_like(text: str) -> bool:
    """Whether text could be a sweep of several values, judged by its characters.

    >>> is_sweep_like("1,2"), is_sweep_like("range(5)"), is_sweep_like("adam")
    (True, True, False)
    """
    return "," in text or "(" in text


def has_shuffle(text: str) -> bool:
    r"""Whether an override's text calls Hydra's `shuffle`, which has no seed.

    >>> has_shuffle("x=int(shuffle([1,2]))"), has_shuffle("'shuffle(1)',b")
    (True, False)
    """
    return _SHUFFLE.search(_QUOTED.sub("''", text)) is not None


# --- one override


def read(line: str, config_loader: ConfigLoader | None = None) -> Override:
    """Parses one override with Hydra's parser.

    >>> read("x=1,,2")
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: Hydra cannot read 'x=1,,2': extraneous input ','. Write \
key=value, and text with any of ,:=()[]{} in quotes, key='a, b'.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        return OverridesParser.create(config_loader).parse_overrides([line])[0]
    except (
        HydraException,
        ValueError,
        RecursionError,
    ) as error:  # such as for 4,300 digits or brackets
        text = str(error).partition("\nSee https://")[0].strip()
        if "LexerNoViableAltException" in text:
            text = "a quote is not closed, or a character outside quotes needs them"
        messages = [part for part in text.splitlines() if not part.startswith(_REPEATS)]
        reason = with_period(truncate("; ".join(messages).partition(" expecting ")[0], _LONG))
        raise SweepError(
            f"Hydra cannot read {short_repr(line)}: {reason} Write key=value, and text with any of"
            " ,:=()[]{} in quotes, key='a, b'."
        ) from error


def sweep_values(key: str, text: str, config_loader: ConfigLoader | None = None) -> Sequence[Any]:
    """The values of a sweep in Hydra's own syntax; a range of integers stays a lazy `range`.

    `key` is the group whose options a `glob` matches.

    >>> sweep_values("lr", "range(1,5)"), sweep_values("x", "1,'2',a"), sweep_values("x", "a")
    (range(1, 5), [1, '2', 'a'], ['a'])
    """
    return override_values(read(f"{key}={text}", config_loader))


def override_values(
    override: Override, convert: Callable[[object], Any] = from_hydra
) -> Sequence[Any]:
    """The values of an override's sweep, or its one value, converted from the parser's."""
    values = enumerate_sweep(override) if override.is_sweep_override() else [override.value()]
    if isinstance(values, range):
        return values
    try:
        return [convert(value) for value in values]
    except SweepError as error:
        raise SweepError(f"{truncate(str(override.input_line))}: {error}") from error


def enumerate_sweep(override: Override) -> Sequence[Any]:
    """The parser's values of a sweep override, as a `range` if possible."""
    from hydra.core.override_parser.types import Glob, RangeSweep

    line, loader = truncate(str(override.input_line)), override.config_loader
    if not override.is_discrete_sweep():
        raise SweepError(
            f"{line}: an interval has no values to enumerate. Write them, or a range with a step."
        )
    sweep: object = override.value()
    if isinstance(sweep, Glob):
        if loader is None:
            raise SweepError(
                f"{line}: glob lists the options of a config group, and outside a Hydra app there"
                " are none. Write the options, or give their folder: config_dir=conf, or"
                " --config-dir conf in a command."
            )
        group = override.key_or_group
        values: list[Any] = []
        # Hydra's own glob would find nothing for `a/*`.
        for depth in sorted({pattern.count("/") for pattern in sweep.include}):
            here = [pattern for pattern in sweep.include if pattern.count("/") == depth]
            values += replace(sweep, include=here).filter(options_of(loader, group, depth))
        if not values:
            options = [*options_of(loader, group), *options_of(loader, group, 1)]
            raise SweepError(
                f"{line} has no values: no option of the config group {group} matches. Options:"
                f" {', '.join(options)}."
            )
        return values
    if isinstance(sweep, RangeSweep):
        start, stop, step = sweep.start, sweep.stop, sweep.step
        assert start is not None  # range(5) starts at 0
        assert stop is not None
        are_floats = [abs(number) <= float_info.max for number in (start, stop, step)]
        if not step or not all(are_floats):
            raise SweepError(f"{line}: a range needs finite ends and a step that is not 0.")
        numbers = None if sweep.shuffle else sweep.range()
        # The first value shows whether a cast, float(range(1,3)), changes the numbers.
        if isinstance(numbers, range) and type(next(override.sweep_iterator(), None)) is int:
            return numbers
        if (stop - start) / step > _MAX_LISTED:
            raise SweepError(
                f"{line} lists {(stop - start) / step:.15g} values, and at most {_MAX_LISTED:,} are"
                " listed one by one. A range of integers, not shuffled, may be of any length."
            )
    values = list(override.sweep_iterator())
    if not values:
        raise SweepError(
            f"{line} has no values. Write at least one: a range ends before its second number."
        )
    return values


# --- many overrides


class KeyValues(NamedTuple):
    """A key with the values that an override gives it.

    Args:
        key: the key as spelled: `+db@pkg`.
        values: the parsed values.
        swept: whether they were given as a sweep, even of one value.
        shuffled: whether the order of the values, or inside a value, differs in each process.
    """

    key: str
    values: Sequence[Any]
    swept: bool = False
    shuffled: bool = False

    @property
    def name(self) -> str:
        """The key without + and ++; a deletion keeps its ~."""
        return self.key.lstrip("+")


def read_lines(
    lines: Iterable[str],
    config_loader: ConfigLoader | None = None,
    values: Callable[[Override], Sequence[Any]] = override_values,
    *,
    once: bool = False,
) -> list[KeyValues]:
    """The keys and values of overrides, in order.

    If a key is given twice, the last value wins, in the place of the first.

    Args:
        lines: the overrides.
        config_loader: Hydra's loader, for `glob`.
        values: gets the values of an override, a `range` or another sequence.
        once: whether `+lr=1 lr=2` gives one key, too, although Hydra would apply both in turn.

    >>> [(one.key, one.values) for one in read_lines(["lr=0.1,0.2", "+x=a", "lr=1,2"])]
    [('lr', (1, 2)), ('+x', ('a',))]
    """
    mistakes: list[Mistake] = []
    overrides: list[Override] = []
    # All are read before any is enumerated, so that each `shuffle` gets the same random numbers as
    # with Hydra's basic sweeper.
    for line in lines:
        try:
            overrides.append(read(line, config_loader))
        except SweepError as error:
            mistakes += error.mistakes
    by_key: dict[str, KeyValues] = {}
    for override in overrides:
        try:
            listed = values(override)
        except SweepError as error:
            mistakes += error.mistakes
            continue
        key = override.get_key_element()
        listed = listed if isinstance(listed, range) else tuple(listed)
        is_shuffled = has_shuffle(override.input_line or "")
        by_key[key] = KeyValues(key, listed, override.is_sweep_override(), is_shuffled)
    found = _last_of_each(by_key, mistakes, once=once)
    if mistakes:
        raise combine_mistakes(mistakes)
    return found


def _last_of_each(
    by_key: Mapping[str, KeyValues], mistakes: list[Mistake], *, once: bool
) -> list[KeyValues]:
    """The last override of each swept name, because `lr=1,2 ++lr=3` would run each job twice."""
    names = {override.name for override in by_key.values() if once or override.swept}
    found: dict[str, KeyValues] = {}
    for key, override in by_key.items():
        place = override.name if override.name in names else key
        before = found.get(place)
        if before is not None:
            if all(isinstance(value, Mapping) for value in chain(before.values, override.values)):
                text = f"{before.key} and {key} are both given mappings: put the entries into one."
                mistakes.append(Mistake(text, key))
            if key == override.name:  # `+lr=1,2 lr=3`: the first one adds the key
                override = override._replace(key=before.key)
        found[place] = override
    return [*found.values()]


# --- config groups


def group_exists(
    loader: ConfigLoader,
    group: str,
    config_name: str | None = None,
    overrides: list[str] | None = None,
) -> bool:
    """Whether Hydra considers a key, without its package, a config group.

    All of its options may be in subfolders. The primary config and overrides of Hydra may extend
    the search path.
    """
    return bool(loader.get_group_options(group, None, config_name, overrides))


def options_of(loader: ConfigLoader, group: str, depth: int = 0) -> list[str]:
    """The options of a config group, or those `depth` folders further down: `a/x`."""
    from hydra.core.object_type import ObjectType

    if not depth:
        return loader.get_group_options(group)
    return [
        f"{folder}/{option}"
        for folder in loader.get_group_options(group, ObjectType.GROUP)
        for option in options_of(loader, f"{group}/{folder}", depth - 1)
    ]
