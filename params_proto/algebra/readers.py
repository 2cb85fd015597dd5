"""The steps that read whole configs: filters, derived keys, orders and slices."""

from __future__ import annotations

import string
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from params_proto._text import arguments_text, name_of, stable_repr
from params_proto._values import equality_key, to_python
from params_proto.algebra import views
from params_proto.algebra.scope import below_node, conversion_message, into_field
from params_proto.algebra.space import Config, Space, constant, times
from params_proto.algebra.steps import AxesStep, Edit, Pins, Step
from params_proto.errors import SweepError, did_you_mean, short_repr

if TYPE_CHECKING:
    from params_proto.fields import Field


class ConfigFunction(NamedTuple):
    """A user's function of a config, whose keys below a node have plain names."""

    function: Callable[[Config], Any]
    node: str = ""

    def __call__(self, config: Config, before: Space, late: Pins) -> Any:
        """Calls the function on a copy of a space's config, with the pins of later steps."""
        pins = {key: to_python(pin) for key, pin in late.items()}
        whole = before.renew({**pins, **config})
        return self.function(_Read({below_node(self.node, key): whole[key] for key in whole}))


class _Read(Config):
    """The view of a config that a function reads."""

    def __missing__(self, key: object) -> Any:
        longer = [name for name in self if name.endswith(f".{key}")]
        if longer:
            raise KeyError(f"{key} is named {' or '.join(longer)} in the configs of this sweep")
        raise KeyError(key)


def later_pins(before: Space, pins: Pins) -> Pins:
    """The pins of keys that no step has set yet."""
    return {key: value for key, value in pins.items() if key not in before.keys}


class Exclude(AxesStep):
    """Drops the configs in which every key has one of its excluded values."""

    reads = True
    filters = True
    needs_axes = True

    @property
    def places(self) -> Mapping[str, str]:
        return {}

    def entries(self) -> Iterator[tuple[str, Any]]:
        return iter(())

    def space(self, before: Space, pins: Pins) -> Space:
        return views.Filtered(before, self._keeps)

    def _keeps(self, config: Config) -> bool:
        return not all(
            key in config and _is_among(options, config[key]) for key, options in self.axes.items()
        )


def _is_among(options: Sequence[Any], value: Any) -> bool:
    """Whether an `exclude` matches a value: its `1` matches `1.0`, but not `True`."""
    if isinstance(options, range) and type(value) is int:
        return value in options
    return any(
        isinstance(value, bool) is isinstance(option, bool) and bool(value == option)
        for option in options
    )


@dataclass(eq=False)
class Where(Step):
    """Keeps the configs for which a predicate is true."""

    predicate: ConfigFunction
    reads = True
    filters = True
    calls = True

    def map(self, edit: Edit) -> Step:
        return Where(edit.function(self.predicate, "where"))

    def space(self, before: Space, pins: Pins) -> Space:
        test = partial(self.predicate, before=before, late=later_pins(before, pins))
        return views.Filtered(before, test)

    def plain(self) -> Any:
        raise SweepError(
            "where(...) cannot be saved: a file cannot hold a function. Use exclude(), or save the"
            " configs that it leaves: .jsonl."
        )

    def call(self) -> str:
        return f".where({name_of(self.predicate.function)})"


@dataclass(eq=False)
class Derive(Step):
    """Adds keys, each computed from the config: by a format string or a function.

    Computed values are converted to `fields`, which equality ignores, as it ignores targets.
    """

    rules: Mapping[str, str | ConfigFunction]
    fields: Mapping[str, Field] = field(default_factory=dict[str, Any])
    lists = False
    in_turn = True
    reads = True

    @property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        return (self.rules,)

    def of_groups(self, groups: Sequence[Mapping[str, Any]]) -> Step:
        return Derive(groups[0], self.fields)

    def __post_init__(self) -> None:
        self.calls = any(isinstance(rule, ConfigFunction) for rule in self.rules.values())

    def entries(self) -> Iterator[tuple[str, Any]]:
        return iter(())

    def map(self, edit: Edit) -> Step:
        field_of = edit.field or self.fields.get
        rules: dict[str, str | ConfigFunction] = {}
        into: dict[str, Field] = {}
        for key, rule in self.rules.items():
            if isinstance(rule, str):
                rules[edit.key(key)] = rename_fields(rule, edit.key)
            else:
                rules[edit.key(key)] = edit.function(rule, f"derive: {key}")
            found = field_of(key)
            if found is not None:
                into[edit.key(key)] = found
        return Derive(rules, into)

    def space(self, before: Space, pins: Pins) -> Space:
        for key in self.rules:
            if key in pins:
                before = times(before, constant(key, pins[key]))
            else:
                late = later_pins(before, pins)
                before = views.Derived(before, key, partial(self._value, key, late, before))
        return before

    def _value(self, key: str, late: Pins, before: Space, config: Config) -> Any:
        rule = self.rules[key]
        if isinstance(rule, str):
            value: Any = format_config(rule, {**late, **config}, key)
        else:
            value = to_python(rule(config, before, late))
        field = self.fields.get(key)
        if field is None:
            return value
        try:
            return into_field(value, field)
        except ValueError as error:
            raise SweepError(f"derive: {conversion_message(key, field, value, error)}") from error

    def plain(self) -> Any:
        for key, rule in self.rules.items():
            if not isinstance(rule, str):
                raise SweepError(
                    f"derive: {key}: a file cannot hold a function. Write a format string,"
                    f' {key}="lr{{lr}}", or save the configs: .jsonl.'
                )
        return dict(self.rules)

    def call(self) -> str:
        rules = {
            k: rule if isinstance(rule, str) else rule.function for k, rule in self.rules.items()
        }
        return f".derive({arguments_text({k: stable_repr(rule) for k, rule in rules.items()})})"

    def identity(self) -> Hashable:
        return equality_key(list(self.rules.items()))


@dataclass(eq=False)
class Shuffle(Step):
    """All configs in a seeded order, or the first `n` of them: a sample."""

    seed: int
    n: int | None = None
    reads = True
    needs_axes = True

    @property
    def name(self) -> str:
        return "shuffle" if self.n is None else "sample"

    def space(self, before: Space, pins: Pins) -> Space:
        shuffled = views.Shuffled(before, self.seed)
        if self.n is None:
            return shuffled
        if self.n > before.size:
            raise SweepError(
                f"sample({short_repr(self.n)}) asks for more configs than there are:"
                f" {short_repr(before.size)}. Ask for fewer, or leave the sample out."
            )
        return views.Picked(shuffled, range(self.n))

    def plain(self) -> Any:
        return {"seed": self.seed} if self.n is None else {"n": self.n, "seed": self.seed}

    def call(self) -> str:
        count = "" if self.n is None else f"{stable_repr(self.n)}, "
        return f".{self.name}({count}seed={stable_repr(self.seed)})"


@dataclass(eq=False)
class Slice(Step):
    """A part, as with a Python slice; `None` means up to that end."""

    start: int | None
    stop: int | None
    step: int
    reads = True
    needs_axes = True

    @classmethod
    def of(cls, part: slice, size: int) -> Slice:
        """The step for a Python slice of `size` configs, its ends counted from the front.

        >>> Slice.of(slice(-3, None), 9)
        Slice(start=6, stop=None, step=1)
        """
        start, stop, step = part.indices(size)
        # Also if there are no configs yet: a later pin may leave some.
        takes_all = part.start is None and part.stop is None
        if not (takes_all or range(start, stop, step)):
            return cls(None, 0, 1)
        if step > 0:
            return cls(start or None, None if stop >= size else stop, step)
        return cls(None if start >= size - 1 else start, None if stop < 0 else stop, step)

    def space(self, before: Space, pins: Pins) -> Space:
        ends = [end + (self.step < 0) for end in (self.start, self.stop) if end is not None]
        rows = range(*slice(self.start, self.stop, self.step).indices(before.size))
        if max(ends, default=0) > before.size or (self.start is not None and not rows):
            raise SweepError(
                f"slice {self.call()} asks for more configs than there are: {before.size}."
                " Cut the sweep after pinning its keys, not before."
            )
        return views.Picked(before, rows)

    def plain(self) -> Any:
        ends = ["" if end is None else str(end) for end in (self.start, self.stop)]
        return ":".join(ends if self.step == 1 else [*ends, str(self.step)])

    def call(self) -> str:
        return f"[{self.plain()}]"


# --- the format strings of derive: whole keys in braces, with an optional format spec
#
# `str.format` reads `{model.lr}` as an attribute and would follow `{lr.__class__}`; here the text
# in the braces is always a key of the config.


def field_names(template: str) -> list[str]:
    """The keys that a template reads, in order.

    >>> field_names("{model.lr:.0e}-{bs}")
    ['model.lr', 'bs']
    """
    return [key for _, key, _ in _parse(template) if key is not None]


def format_config(template: str, config: Mapping[str, Any], name: str) -> str:
    """The template's text for one config; `name` is the derived key, for messages.

    >>> format_config("{model.lr:.0e}-{bs}", {"model.lr": 0.001, "bs": 32}, "name")
    '1e-03-32'
    """
    parts: list[str] = []
    for literal, key, spec in _parse(template):
        parts.append(literal)
        if key is None:
            continue
        if key not in config:
            raise SweepError(
                f"derive({name}={short_repr(template)}): the config {short_repr(dict(config))}"
                f" has no key {key}.{did_you_mean(key, config)}"
            )
        value = config[key]
        try:
            # A collection has no format spec, and a set's own text differs between processes.
            is_collection = not spec and type(value) in (list, tuple, dict, set, frozenset)
            parts.append(stable_repr(value) if is_collection else format(value, spec))
        except (TypeError, ValueError, OverflowError) as error:
            raise SweepError(
                f"derive({name}={short_repr(template)}): {key}={short_repr(config[key])} does not"
                f" take the format {short_repr(spec)}: {error}."
            ) from error
    return "".join(parts)


def rename_fields(template: str, name: Callable[[str], str]) -> str:
    """The template with renamed keys.

    >>> rename_fields("{{lr}}={lr:.0e}", {"lr": "+lr"}.__getitem__)
    '{{lr}}={+lr:.0e}'
    """
    parts: list[str] = []
    for literal, key, spec in _parse(template):
        parts.append(literal.replace("{", "{{").replace("}", "}}"))
        if key is not None:
            parts.append(f"{{{name(key)}:{spec}}}" if spec else f"{{{name(key)}}}")
    return "".join(parts)


@lru_cache
def _parse(template: str) -> list[tuple[str, str | None, str]]:
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError as error:
        raise SweepError(
            f"{short_repr(template)} is not a format string: {error}. Write a key in braces,"
            " {lr} or {lr:.0e}, and {{ or }} for a brace."
        ) from error
    for _, key, spec, conversion in fields:
        if key is not None and (not key.strip() or conversion or "{" in str(spec)):
            raise SweepError(
                f"{short_repr(template)}: braces hold one whole key and an optional format spec,"
                " {lr} or {model.lr:.0e}."
            )
    return [(literal, key, spec or "") for literal, key, spec, _ in fields]
