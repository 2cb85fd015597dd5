"""The arguments of Sweep's methods: checked together, taken as values of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, cast

from params_proto.algebra import steps
from params_proto.algebra.axis_values import axis_values, is_array
from params_proto.algebra.field_values import as_read, derived, into_field, misfit, takes_ints
from params_proto.algebra.notes import Notes
from params_proto.algebra.scope import Scope
from params_proto.algebra.steps import Axis, Config
from params_proto.algebra.template import keys as template_keys
from params_proto.algebra.template import renamed
from params_proto.errors import Mistake, cut, did_you_mean, shown
from params_proto.fields import Field
from params_proto.fields.convert import ConvertScalar, convert_exact
from params_proto.keys import bare, in_full, key_error
from params_proto.values import native


class Call:
    """One call of a method of Sweep, which gathers every mistake before it raises.

    Args:
        notes: where the mistakes are gathered.
        scope: what the sweep's keys mean.
        before: the expression that the call adds a step to.
    """

    def __init__(self, notes: Notes, scope: Scope, before: steps.Expression) -> None:
        self.method = notes.method
        self.notes = notes
        self._scope = scope
        self._places = {bare(key): (key, place) for key, place in before.places.items()}
        self._known: dict[object, tuple[str, Field | None] | None] = {}
        self._raw: object = None  # the key that is being read, as it was given
        self._row: int | None = None

    def wrong(self, text: str) -> None:
        """Notes a mistake."""
        self.notes.mistakes[Mistake(text, self._raw, self._row)] = None

    def done(self) -> None:
        """Ends the reading of the arguments.

        Raises:
            SweepError: the mistakes, all of them.
        """
        self.notes.tell()

    def axes(self, given: Mapping[str, Any] | None, named: Mapping[str, Any]) -> tuple[Axis, ...]:
        """The axes of a product or a zip."""
        axes: list[Axis] = []
        for raw, values in self._entries(given, named):
            key, field = self._key(raw)
            if key is None or not self.free(key):
                continue
            self._places[bare(key)] = (key, self.method)
            values, leaf = as_read(values)
            try:
                listed = axis_values(key, values)
            except ValueError as error:
                self.wrong(f"{self.method} needs a list of values for {key}, got {error}")
            else:
                axes.append(Axis(key, self._values(key, field, listed, leaf)))
        return tuple(axes)

    def row(self, given: object, number: int) -> Config:
        """A row of a chain."""
        self._row = number
        config: Config = {}
        named: dict[str, str] = {}
        if not isinstance(given, Mapping):
            cure = "Write chain(*rows)." if type(given) in (list, tuple) else "Write {'lr': 0.1}."
            self.wrong(
                f"chain takes rows that are mappings or sweeps; row {number} is"
                f" {shown(given)}. {cure}"
            )
            given = {}
        for raw, value in cast("Mapping[Any, Any]", given).items():
            self._raw = raw
            key, field = self._key(raw)
            if key is not None and self.free(key):
                if bare(key) in named:
                    both = dict.fromkeys((named[bare(key)], raw))
                    self.wrong(f"chain: row {number} names one key twice: {' and '.join(both)}.")
                named[bare(key)] = raw
                config[key] = self._value(key, field, value)
        self._raw = self._row = None
        return config

    def pins(self, given: Mapping[str, Any] | None, named: Mapping[str, Any]) -> Config:
        """The values of a set."""
        pins: Config = {}
        for raw, value in self._entries(given, named):
            key, field = self._key(raw)
            if key is not None and self._spelled(key) and self._once(key, pins):
                pins[key] = self._value(key, field, *as_read(value))
                self._places[bare(key)] = (key, self.method)
        return pins

    def options(
        self, given: Mapping[str, Any] | None, named: Mapping[str, Any], known: Iterable[str]
    ) -> dict[str, Sequence[Any]]:
        """The values that an exclude drops, by key."""
        match: dict[str, Sequence[Any]] = {}
        for raw, value in self._entries(given, named):
            key, field = self._key(raw)
            if key is None:
                continue
            if key not in known:
                names = ", ".join(known)
                self.wrong(
                    f"{self.method} names {key}, which no step before it gives a value."
                    + (f" Keys so far: {names}." if names else " Sweep it first.")
                )
                continue
            value, leaf = as_read(value)
            many = type(value) in (list, range) or is_array(value)
            try:
                listed = axis_values(key, value) if many else [value]
            except ValueError as error:
                self.wrong(f"{self.method} needs values for {key}, got {error}")
            else:
                if self._once(key, match):
                    match[key] = self._values(key, field, listed, leaf)
        return match

    def rules(
        self, given: Mapping[str, Any] | None, named: Mapping[str, Any], known: Iterable[str]
    ) -> dict[str, Any]:
        """What computes the keys of a derive: a rule reads the known keys and those before it."""
        rules: dict[str, Any] = {}
        for raw, rule in self._entries(given, named):
            key, _ = self._key(raw)
            if key is None or not self.free(key):
                continue
            if isinstance(rule, str):
                rule = self.template(rule, f"{key}=")
                self._refuse_unread(key, rule, [*known, *rules])
            elif not callable(rule):
                self.wrong(
                    f"{self.method} needs a format string or a function of a config for {key}, got"
                    f" {shown(rule)}. Write {key}='run-{{lr}}', or pin it with set()."
                )
            rules[key] = rule
            self._places[bare(key)] = (key, self.method)
        return rules

    def fits(self, names: Iterable[str]) -> dict[str, Callable[[Any], Any]]:
        """What makes computed values those of their fields, for the keys that have one."""
        resolved = [(name, self._key(name)[1]) for name in names]
        return {name: partial(derived, name, field) for name, field in resolved if field}

    def name(self, raw: str) -> str:
        """A key's full name."""
        return self._key(raw)[0] or raw

    def template(self, template: str, place: str = "") -> str:
        """A template of a derive, its keys named in full."""
        try:
            full = {name: self._scope.resolve(name)[0] for name in template_keys(template)}
        except ValueError as error:
            self.wrong(f"{self.method}: {place}{error}")
            return ""
        changed = any(name != full[name] for name in full)
        return renamed(template, full.__getitem__) if changed else template

    def _refuse_unread(self, key: str, template: str, known: list[str]) -> None:
        for name in template_keys(template):
            if name not in known:
                self.wrong(
                    f"{self.method}: {key}={shown(template)} reads {cut(name)}, which no step"
                    f" before it gives a value.{did_you_mean(name, known)}"
                )

    def positive(self, value: object, what: str) -> int:
        """A count of at least 1."""
        number = native(value)
        if type(number) is not int or number < 1:
            self.wrong(f"{self.method} needs {what}, a positive integer, got {shown(value)}.")
            return 1
        return number

    def seed(self, value: object) -> int:
        """The seed of an order."""
        number = native(value)
        if type(number) is not int:
            self.wrong(f"{self.method} needs an integer as its seed, got {shown(value)}.")
            return 0
        return number

    def _entries(
        self, given: Mapping[str, Any] | None, named: Mapping[str, Any]
    ) -> Iterator[tuple[Any, Any]]:
        """The arguments one by one; a mistake that is noted meanwhile is about that key."""
        given = {} if given is None else given
        if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            self.wrong(
                f"{self.method} takes keywords or one mapping, got {shown(given)}."
                " Write lr=... or {'model.lr': ...}."
            )
            return
        for key in [key for key in named if key in given]:
            self.wrong(f"{self.method} names {key} twice: in the mapping and as a keyword.")
        for raw, value in {**given, **named}.items():
            self._raw = raw
            yield raw, value
        self._raw = None

    def _key(self, raw: object) -> tuple[str, Field | None] | tuple[None, None]:
        """A key's full name and field, or nothing and a mistake noted."""
        if raw not in self._known:
            self._known[raw] = self._resolved(raw)
        return self._known[raw] or (None, None)

    def _resolved(self, raw: object) -> tuple[str, Field | None] | None:
        unfit = key_error(raw)
        if unfit is not None:
            self.wrong(f"{self.method}: {unfit}")
            return None
        key = cast("str", raw)
        try:
            resolved = self._scope.resolve(key)
        except ValueError as error:
            self.wrong(f"{self.method}: {error}")
            return None
        unfit = key_error(in_full(self._scope.prefix, resolved[0]))
        if unfit is not None:  # both are long
            self.wrong(f"{self.method}: {unfit}")
            return None
        warning = self._scope.missing(key) if resolved[1] is None else None
        if warning:
            self.notes.warnings.setdefault(f"{self.method}: {warning}", False)
        return resolved

    def _once(self, key: str, taken: Mapping[str, Any]) -> bool:
        """Whether a call has not named a key before; a mistake is noted where it has."""
        if key in taken:
            self.wrong(f"{self.method} names {key} twice.")
        return key not in taken

    def free(self, key: str) -> bool:
        """Whether a key has no value yet; a mistake is noted where it has one."""
        spelled, place = self._places.get(bare(key), (key, ""))
        if not place:
            return True
        if key != spelled:
            return self._spelled(key)
        if place == "set":
            self.wrong(
                f"{key} is pinned by set() and again given values by {self.method}(). Leave one"
                f" of them out; set() after {self.method}() pins over it."
            )
        else:
            self.wrong(
                f"{key} stands in two places: {place}() and {self.method}(). A key has one axis:"
                " put all its values into one of them, or pin it with set() after both."
            )
        return False

    def _spelled(self, key: str) -> bool:
        """Whether a key is spelled as before; a mistake is noted where it is not."""
        spelled, place = self._places.get(bare(key), (key, ""))
        if self._scope.layered:
            return True
        if spelled != key:
            self.wrong(
                f"{self.method}({key}) and {place}({spelled}) name one key in two ways."
                f" Write {spelled} in both."
            )
        return spelled == key

    def _values(
        self,
        key: str,
        field: Field | None,
        values: Sequence[Any],
        leaf: ConvertScalar = convert_exact,
    ) -> Sequence[Any]:
        if isinstance(values, range) and (field is None or takes_ints(field)):
            return values
        return tuple([self._value(key, field, value, leaf) for value in values])

    def _value(
        self, key: str, field: Field | None, value: Any, leaf: ConvertScalar = convert_exact
    ) -> Any:
        """A value as its field holds it."""
        try:
            taken = native(value)
        except RecursionError:
            self.wrong(f"{self.method}: a value of {key} is nested too deep, or holds itself.")
            return None
        if field is None or type(taken) is field.annotation:
            return taken
        try:
            return into_field(taken, field, leaf)
        except ValueError as error:
            self.wrong(f"{self.method}: {misfit(key, field, taken, error)}")
            return taken
