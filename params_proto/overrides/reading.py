"""The text of Hydra's overrides -> Python values, by Hydra's own parser."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from params_proto._values import MAX_DEPTH
from params_proto.errors import SweepError, cut, sentence, shown
from params_proto.overrides.groups import globbed, options_of
from params_proto.overrides.literals import OverrideText, live, quoted, unescaped

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override


def spelled(text: str) -> Any:
    """The value of an override's text; a string keeps its spelling.

    Raises:
        SweepError: as `parse`.

    >>> spelled("${oc.env:HOME}").text, spelled("1")
    ('${oc.env:HOME}', 1)
    """
    value = parse(text)
    return OverrideText(value, text) if isinstance(value, str) else value


_MOST = 100_000  # values of a range that has to be listed: Hydra lists some 300,000 in a second
_LONG = 500  # characters of what it says
# How its parser begins to repeat the override.
_REPEATS = ("Error when parsing index", "Error parsing override")
# How its lexer and its parser begin to say that a text is none of its grammar.
_OF_GRAMMAR = re.compile(r"^(a quote is|extraneous|mismatched|missing|no viable|token recognition)")


def parse(text: str) -> Any:
    """The value that the text of an override's value stands for.

    Raises:
        SweepError: Hydra cannot read the text, or reads a sweep in it.

    >>> parse("[1,a,'1']"), parse("{a: null}")
    ([1, 'a', '1'], {'a': None})
    """
    override = read(f"value={text}")
    if override.is_sweep_override():
        raise SweepError(f"{cut(text)} is a sweep, not one value.")
    return native(override.value())


def may_sweep(text: str) -> bool:
    """Whether a text could be a sweep of several values, as far as its characters tell.

    >>> may_sweep("1,2"), may_sweep("range(5)"), may_sweep("adam")
    (True, True, False)
    """
    return "," in text or "(" in text


# One without an end goes on to the text's: what each of many such would be looked for in vain.
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*(?:'|\\?\Z)|"(?:\\.|[^"\\])*(?:"|\\?\Z)""", re.DOTALL)
_SHUFFLE = re.compile(r"\bshuffle\s*\(")


def shuffles(text: str) -> bool:
    r"""Whether an override's text calls Hydra's `shuffle`, which has no seed.

    >>> shuffles("shuffle(1,2)"), shuffles("x=int(shuffle([1,2]))"), shuffles("'shuffle(1)',b")
    (True, True, False)
    """
    return "shuffle" in text and _SHUFFLE.search(_QUOTED.sub("''", text)) is not None


def sweep_values(key: str, text: str, config_loader: ConfigLoader | None = None) -> Sequence[Any]:
    """The values of a sweep in Hydra's own syntax; a range of integers stays a lazy `range`.

    Args:
        key: the key that is swept: the group that a `glob` looks into.
        text: `1,2,3`, `choice(a,b)`, `range(1,5)`, `glob(*)`, `sort(3,1)`, or a single value.
        config_loader: Hydra's, for `glob`.

    Raises:
        SweepError: Hydra cannot read the text, or its values cannot be enumerated here.

    >>> sweep_values("lr", "range(1,5)"), sweep_values("x", "1,'2',a"), sweep_values("x", "a")
    (range(1, 5), [1, '2', 'a'], ['a'])
    """
    return values_of(read(f"{key}={text}", config_loader))


def values_of(override: Override, of: Callable[[object], Any] | None = None) -> Sequence[Any]:
    """The values of an override: those of its sweep, or its one value.

    Args:
        override: what Hydra read.
        of: takes a value as Hydra's parser gives it; `native` if None.

    Raises:
        SweepError: they cannot be enumerated here.
    """
    values = enumerated(override) if override.is_sweep_override() else [override.value()]
    if isinstance(values, range):
        return values
    try:
        return [(of or native)(value) for value in values]
    except SweepError as error:
        raise SweepError(f"{cut(str(override.input_line))}: {error}") from error


def read(line: str, config_loader: ConfigLoader | None = None) -> Override:
    """Hydra's reading of one override.

    Raises:
        SweepError: it is none, or nested so deep that nobody wrote it.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    refuse_deep(line)
    try:
        return OverridesParser.create(config_loader).parse_overrides([line])[0]
    except RecursionError as error:
        raise SweepError(f"Hydra cannot read {shown(line)}: it is nested too deep.") from error
    except (HydraException, ValueError) as error:  # Python refuses integers of 4,300 digits
        raise SweepError(f"Hydra cannot read {shown(line)}: {_reason(str(error))}") from error


_NESTS = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\\.|[\[({]|[\])}]""", re.DOTALL)


def refuse_deep(line: str) -> None:
    """Refuses what Hydra's parser would take very long for, or run out of Python's stack.

    Raises:
        SweepError: its brackets are nested too deep, those in quotes aside.

    >>> refuse_deep("[" * 100), refuse_deep("'" + "[" * 101 + "'")
    (None, None)
    """
    if sum(map(line.count, "[({")) <= MAX_DEPTH:
        return
    deep = 0
    for found in _NESTS.finditer(line):
        deep += (found[0] in "[({") - (found[0] in "])}")
        if deep > MAX_DEPTH:
            raise SweepError(
                f"{shown(line)} is nested more than {MAX_DEPTH} levels deep. Write it flatter, or"
                " as text in quotes."
            )


def _reason(text: str) -> str:
    r"""What Hydra's parser says, in one line, and what to do about it.

    >>> _reason("Error parsing override 'x=f(1)'\nUnknown function 'f'\nSee https://hydra.cc/docs")
    "Unknown function 'f'."
    """
    text = text.partition("\nSee https://")[0].strip()
    if "LexerNoViableAltException" in text:
        text = "a quote is not closed, or a character stands outside quotes that needs them"
    lines = [line for line in text.splitlines() if not line.startswith(_REPEATS)]
    reason = sentence(cut("; ".join(lines).partition(" expecting ")[0], _LONG))
    if not _OF_GRAMMAR.search(reason):
        return reason
    return f"{reason} Write key=value, and text with any of ,:=()[]{{}} in quotes, key='a, b'."


def enumerated(override: Override) -> Sequence[Any]:
    """The values of a sweep override as Hydra's parser gives them, a `range` where it is one.

    Raises:
        SweepError: an interval, a range without end, a glob without an app, or no value at all.
    """
    from hydra.core.override_parser.types import Glob, RangeSweep

    line = cut(str(override.input_line))
    if not override.is_discrete_sweep():
        raise SweepError(
            f"{line}: an interval has no values to enumerate. Write them, or a range with a step."
        )
    sweep: object = override.value()
    if isinstance(sweep, Glob) and override.config_loader is None:
        raise SweepError(
            f"{line}: glob lists the options of a config group, and outside a Hydra app there are"
            " none. Write the options, or say where they are: config_dir=conf, in a command"
            " --config-dir conf."
        )
    if isinstance(sweep, RangeSweep):
        ends = (sweep.start or 0, sweep.stop or 0, sweep.step)
        if not all(map(_is_finite, ends)) or not sweep.step:
            raise SweepError(f"{line}: a range needs finite ends and a step that is not 0.")
        numbers = sweep.range()
        if isinstance(numbers, range) and not sweep.shuffle:
            first: object = next(override.sweep_iterator(), None)
            if type(first) is int:  # float(range(1,3)) may cast one by one
                return numbers
        count = (ends[1] - ends[0]) / ends[2]
        if count > _MOST:
            raise SweepError(
                f"{line} lists {count:.15g} values, and at most {_MOST:,} are listed one by one."
                " A range of integers, not shuffled, may be of any length."
            )
    if isinstance(sweep, Glob):
        assert override.config_loader is not None
        values: list[Any] = globbed(override.config_loader, override.key_or_group, sweep)
    else:
        values = list(override.sweep_iterator())
    if not values:
        raise SweepError(f"{line} has no values{_why_none(override, sweep)}")
    return values


def _why_none(override: Override, sweep: object) -> str:
    from hydra.core.override_parser.types import Glob

    if not isinstance(sweep, Glob) or override.config_loader is None:
        return ". Write at least one: a range ends before its second number."
    loader, group = override.config_loader, override.key_or_group
    options = options_of(loader, group) or options_of(loader, group, 1)
    if not options:
        return f": there is no config group {group} with an option."
    return f": no option of the config group {group} matches. Options: {', '.join(options)}."


def _is_finite(number: float) -> bool:
    try:
        return isfinite(number)
    except OverflowError:  # an integer that no float reaches
        return False


def native(value: object) -> Any:
    """A value as Hydra's parser gives it -> a Python value.

    A string in which OmegaConf would resolve an interpolation is an `OverrideText`.
    """
    from hydra.core.override_parser.types import Glob, QuotedString, Sweep

    if isinstance(value, (Glob, Sweep)):
        raise SweepError(
            f"{type(value).__name__} inside another value: a sweep's function stands alone."
        )
    if isinstance(value, QuotedString):
        value = value.text
    if isinstance(value, str):
        return OverrideText(value, quoted(value)) if live(value) else unescaped(value)
    if isinstance(value, list):
        return [native(element) for element in cast("list[object]", value)]
    if isinstance(value, dict):
        entries = cast("dict[object, object]", value)
        return {key: native(element) for key, element in entries.items()}
    return value
