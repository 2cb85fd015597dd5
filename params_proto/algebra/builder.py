"""Checks the calls that build a sweep, whether from Python, files or override lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from itertools import chain, groupby
from math import inf
from typing import TYPE_CHECKING, Any, cast

from params_proto._keys import key_error, strip_prefix
from params_proto._text import name_of
from params_proto._values import to_python
from params_proto.algebra import steps
from params_proto.algebra.axes import FromText, axis_values, is_array
from params_proto.algebra.chains import Chain, Concat, Cross
from params_proto.algebra.expression import Expression, refuse_overlap
from params_proto.algebra.scope import Scope, accepts_ints, conversion_message, into_field
from params_proto.algebra.space import Config, Space
from params_proto.algebra.steps import Edit, Step
from params_proto.errors import Mistake, combine_mistakes, did_you_mean, short_repr, truncate, warn
from params_proto.overrides.render import render_config

if TYPE_CHECKING:
    from params_proto.algebra.readers import ConfigFunction
    from params_proto.fields import Field

Entries = Mapping[str, Any] | None


class Builder:
    """Builds a sweep: each method checks its call and returns a new builder.

    The methods take the same arguments as those of `Sweep`, which documents them.

    Args:
        scope: the meaning of keys.
        expression: the checked steps so far.
        allow_overlap: whether a key may be below another or be spelled in two ways, as in Hydra's
            overrides, where the later one wins: `d={x: 1} d.x=2`.
        space: the configs, if already known, with keys as the user of the targets names them.

    >>> Builder(allow_overlap=True).set({"d": {"x": 1}}).set({"d.x": 2})
    Sweep().set({'d': {'x': 1}, 'd.x': 2})
    """

    def __init__(
        self,
        scope: Scope = Scope(),  # noqa: B008 - immutable
        expression: Expression = Expression(),  # noqa: B008
        *,
        allow_overlap: bool = False,
        space: Space | None = None,
    ) -> None:
        self.scope = scope
        self.expression = expression
        self.allow_overlap = allow_overlap
        self._plain = Edit(key=scope.plain, function=lambda function, _: function._replace(node=""))
        # Computed here to find samples and slices that pins leave too few configs.
        self.space = self.named.space() if space is None else space

    @property
    def targets(self) -> tuple[Any, ...]:
        """The functions and classes whose parameters are swept."""
        return self.scope.objects

    @cached_property
    def named(self) -> Expression:
        """The steps, with keys as the user of the targets names them."""
        return self.expression.map(self._plain) if self.scope.prefix else self.expression

    def plain(self) -> dict[str, Any] | list[dict[str, Any]]:
        """The steps as saved in a file; for a prefix class, its node once and plain keys."""
        plain = self.named.plain()
        if not self.scope.prefix:
            return plain
        node = {"prefix": self.scope.prefix}
        return {**node, **plain} if isinstance(plain, dict) else [node, *plain]

    def overrides(self) -> Iterator[list[str]]:
        """Each config as a list of Hydra overrides."""
        for config in self.expression.space() if self.scope.prefix else self.space:
            yield render_config(config, targets=self.scope.targets)

    def __repr__(self) -> str:
        head = f"Sweep({', '.join(map(name_of, self.targets))})"
        return self.named.text(head)[0]

    # The steps

    def product(self, axes: Entries = None, /, **named: Iterable[Any]) -> Builder:
        call = _Call(self, "product")
        columns = call.axes(axes, named)
        return call.append(steps.Product(columns), when=bool(columns))

    def zip(self, axes: Entries = None, /, **named: Iterable[Any]) -> Builder:
        call = _Call(self, "zip")
        columns = call.axes(axes, named)
        if len(set(map(len, columns.values()))) > 1:
            first, *others = [f"{call.plain(key)} has {len(columns[key])}" for key in columns]
            call.add_mistake(
                f"zip needs axes of one length: {', '.join([f'{first} values', *others])}."
                " Use product() to combine every pair."
            )
        return call.append(steps.Zip(columns), when=bool(columns))

    def chain(self, *rows: Mapping[str, Any] | Builder) -> Builder:
        call = _Call(self, "chain")
        if not rows:
            call.add_mistake("chain needs at least one row: a mapping or a sweep.")
        checked_rows = [call.row(row, number) for number, row in enumerate(rows)]
        mappings = [row for row in checked_rows if isinstance(row, dict)]
        if len(mappings) == len(checked_rows):
            return call.append(Chain(tuple(mappings)))
        call.raise_mistakes()
        parts: list[Builder] = []
        for kind, run in groupby(checked_rows, type):
            if kind is dict:
                chained = Chain(cast("tuple[Config, ...]", tuple(run)))
                parts.append(self._with(Expression((chained,))))
            else:
                parts += cast("Iterable[Builder]", run)
        return self.times(parts[0].plus(*parts[1:], method="chain"), "chain")

    def set(self, pins: Entries = None, /, **named: Any) -> Builder:
        call = _Call(self, "set")
        values = call.pins(pins, named)
        return call.append(steps.Set(values), when=bool(values))

    def repeat(self, times: int) -> Builder:
        call = _Call(self, "repeat")
        count = call.integer(times, "how often to repeat, a positive integer", least=1)
        return call.append(steps.Repeat(count), when=count != 1)

    def exclude(self, match: Entries = None, /, **named: Any) -> Builder:
        from params_proto.algebra.readers import Exclude

        call = _Call(self, "exclude")
        options = call.options(match, named)
        return call.append(Exclude(options), when=bool(options))

    def where(self, predicate: Callable[[Config], object]) -> Builder:
        from params_proto.algebra.readers import ConfigFunction, Where

        call = _Call(self, "where")
        if not callable(predicate):
            call.add_mistake(
                f"where needs a function of a config, got {predicate!r}."
                " Write where(lambda config: config['lr'] < 0.1)."
            )
        return call.append(Where(ConfigFunction(predicate, self.scope.prefix)))

    def derive(self, rules: Entries = None, /, **named: str | Callable[[Config], Any]) -> Builder:
        from params_proto.algebra.readers import Derive

        call = _Call(self, "derive")
        checked_rules, fields = call.rules(rules, named)
        return call.append(Derive(checked_rules, fields), when=bool(checked_rules))

    def shuffle(self, seed: int = 0) -> Builder:
        from params_proto.algebra.readers import Shuffle

        call = _Call(self, "shuffle")
        checked_seed = call.integer(seed, "an integer as its seed")
        return call.append(Shuffle(checked_seed), when=self.expression.multiplies)

    def sample(self, n: int, seed: int = 0) -> Builder:
        from params_proto.algebra.readers import Shuffle

        call = _Call(self, "sample")
        count = call.integer(n, "how many configs to take, a positive integer", least=1)
        checked_seed = call.integer(seed, "an integer as its seed")
        return call.append(
            Shuffle(checked_seed, count), when=count > 1 or self.expression.multiplies
        )

    def slice(self, part: slice) -> Builder:
        from params_proto.algebra.readers import Slice

        step = Slice.of(part, self.space.size)
        return _Call(self, "slice").append(step, when=step.plain() != ":")

    def append(self, step: Step) -> Builder:
        """This sweep with one more step, which has been checked."""
        expression = self.expression.append(step)
        if isinstance(step, steps.Set):
            return self._with(expression)
        named = step.map(self._plain) if self.scope.prefix else step
        return self._with(expression, named.space(self.space, {}))

    def _with(self, expression: Expression, space: Space | None = None) -> Builder:
        if not self.allow_overlap:
            refuse_overlap(expression)
        return Builder(self.scope, expression, allow_overlap=self.allow_overlap, space=space)

    # Two sweeps

    def times(self, other: Builder, method: str = "*") -> Builder:
        """The product of two sweeps, in which the other one varies fastest."""
        scope, (a, b) = _in_one_scope([self, other], method)
        places = {strip_prefix(key): place for key, place in a.places.items()}
        mistakes = [
            f"* joins sweeps over different keys: {scope.plain(key)} is set by"
            f" {places[strip_prefix(key)]}() on the left and by {place}() on the right. Leave one"
            f" of them out, or pin {scope.plain(key)} with set() after the two are joined."
            for key, place in b.places.items()
            if strip_prefix(key) in places
        ]
        if mistakes:
            raise combine_mistakes(mistakes)
        empty = Builder(scope, allow_overlap=self.allow_overlap)
        reads = any(step.reads for step in b.steps)
        pins = any(isinstance(step, steps.Set) for step in b.steps)
        if a.steps and (reads or (pins and a.reads_within)):
            return empty._with(a.append(Cross((b,))))
        return empty._with(reduce(Expression.append, b.steps, a))

    def plus(self, *others: Builder, method: str = "+") -> Builder:
        """The configs of several sweeps in sequence."""
        if not others:
            return self
        scope, expressions = _in_one_scope([self, *others], method)
        parts: list[Expression] = []
        for expression in expressions:
            summands = expression.steps[0].parts if len(expression.steps) == 1 else ()
            parts += summands or (expression,)
        return Builder(scope, allow_overlap=self.allow_overlap)._with(
            Expression((Concat(tuple(parts)),))
        )


def _in_one_scope(builders: Sequence[Builder], method: str) -> tuple[Scope, list[Expression]]:
    """The joint scope of several sweeps, and their expressions with its keys."""
    scope = reduce(Scope.join, [builder.scope for builder in builders])
    call = _Call(Builder(scope), method)
    expressions = [
        call.adopt(builder.expression)
        if builder.scope.free and not scope.free
        else builder.expression
        for builder in builders
    ]
    call.raise_mistakes()
    return scope, expressions


class _Call:
    """One call of a method; collects all mistakes before it raises.

    Args:
        builder: the builder to add a step to.
        method: the method or the operator, for messages.
    """

    def __init__(self, builder: Builder, method: str) -> None:
        self.method = method
        self.plain = builder.scope.plain
        self._builder, self._scope = builder, builder.scope
        places = builder.expression.places
        self._known = list(places)
        self._places = {strip_prefix(key): (key, place) for key, place in places.items()}
        self._resolved: dict[object, tuple[str, Field | None] | None] = {}
        self._raw: object = None  # the key being read, as given
        self._row: int | None = None
        self._from_text = False  # whether the value being read was text for Hydra
        self._mistakes: dict[Mistake, None] = {}
        self._warnings: dict[str, None] = {}

    def add_mistake(self, text: str) -> None:
        """Adds a mistake."""
        self._mistakes[Mistake(text, self._raw, self._row)] = None

    def raise_mistakes(self) -> None:
        """Finishes reading the arguments: raises the mistakes, or warns about unknown names."""
        if self._mistakes:
            raise combine_mistakes(self._mistakes)
        for warning in self._warnings:
            warn(warning)

    def append(self, step: Step, *, when: bool = True) -> Builder:
        """The sweep with the checked step, or without it if it has no effect."""
        self.raise_mistakes()
        return self._builder.append(step) if when else self._builder

    # The arguments of each method

    def axes(self, given: Entries, named: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
        """The axes of a product or a zip."""
        axes: dict[str, Sequence[Any]] = {}
        for key, field, values in self._entries(given, named):
            if self._is_free(key):
                listed = self._axis(key, field, values, f"{self.method} needs a list of values for")
                if listed is not None:
                    axes[key] = listed
        return axes

    def row(self, given: object, number: int) -> Config | Builder:
        """A row of a chain."""
        if isinstance(given, Builder):
            all(map(self._is_free, given.expression.places))
            return given
        self._row = number
        if not isinstance(given, Mapping):
            self.add_mistake(
                f"chain takes rows that are mappings or sweeps; row {number} is"
                f" {short_repr(given)}."
                " Write chain({'lr': 0.1}), or chain(*rows) for a list of rows."
            )
            given = {}
        config = {
            key: self._value(key, field, value)
            for key, field, value in self._entries(cast("Entries", given), {})
            if self._is_free(key)
        }
        self._row = None
        return config

    def pins(self, given: Entries, named: Mapping[str, Any]) -> Config:
        """The values of a set."""
        return {
            key: self._value(key, field, value)
            for key, field, value in self._entries(given, named)
            if self._is_free(key, pins=True)
        }

    def options(self, given: Entries, named: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
        """The values that an exclude drops, by key."""
        match: dict[str, Sequence[Any]] = {}
        for key, field, value in self._entries(given, named):
            if key not in self._known:
                hint = did_you_mean(self.plain(key), map(self.plain, self._known))
                self.add_mistake(
                    f"{self.method} names {self.plain(key)}, which no step before it gives a"
                    f" value.{hint}"
                )
                continue
            many = type(value) in (list, range) or is_array(value)
            listed = self._axis(key, field, value if many else [value], "exclude needs values for")
            if listed is not None:
                match[key] = listed
        return match

    def rules(
        self, given: Entries, named: Mapping[str, Any]
    ) -> tuple[dict[str, str | ConfigFunction], dict[str, Field]]:
        """The functions and templates of a derive, and their fields.

        A rule reads the known keys and those before it.
        """
        from params_proto.algebra.readers import ConfigFunction

        rules: dict[str, str | ConfigFunction] = {}
        fields: dict[str, Field] = {}
        for key, field, rule in self._entries(given, named):
            if not self._is_free(key):
                continue
            if isinstance(rule, str):
                rules[key] = self._template(self.plain(key), rule, [*self._known, *rules])
            elif callable(rule):
                rules[key] = ConfigFunction(rule, self._scope.prefix)
            else:
                self.add_mistake(
                    f"{self.method} needs a format string or a function of a config for"
                    f" {self.plain(key)}, got {short_repr(rule)}. Write"
                    f" {self.plain(key)}='run-{{lr}}', or pin it with set()."
                )
            if field is not None:
                fields[key] = field
        return rules, fields

    def _template(self, key: str, template: str, known: list[str]) -> str:
        """A template of a derive, with full keys."""
        from params_proto.algebra.readers import field_names, rename_fields

        try:
            full = {name: self._scope.resolve(name)[0] for name in field_names(template)}
        except ValueError as error:
            self.add_mistake(f"{self.method}: {key}={error}")
            return ""
        for name in full:
            if full[name] not in known:
                hint = did_you_mean(name, map(self.plain, known))
                self.add_mistake(
                    f"{self.method}: {key}={short_repr(template)} reads {truncate(name)}, which"
                    f" no step before it gives a value.{hint}"
                )
        return rename_fields(template, full.__getitem__)

    def integer(self, value: object, what: str, least: float = -inf) -> int:
        """A number of configs, or the seed of an order."""
        number = to_python(value)
        if type(number) is int and number >= least:
            return number
        self.add_mistake(f"{self.method} needs {what}, got {short_repr(value)}.")
        return 1

    # Keys

    def _entries(
        self, given: Entries, named: Mapping[str, Any]
    ) -> Iterator[tuple[str, Field | None, Any]]:
        """Yields key, field and value of each argument; mistakes added meanwhile are about it."""
        given = {} if given is None else given
        if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            self.add_mistake(
                f"{self.method} takes keywords or one mapping, got {short_repr(given)}."
                " Write lr=... or {'model.lr': ...}."
            )
            return
        taken: dict[str, str] = {}
        for raw, value in chain(given.items(), named.items()):
            self._raw, self._from_text = raw, isinstance(value, FromText)
            key, field = self._resolve(raw) or ("", None)
            name = strip_prefix(key)
            if name in taken and not self._builder.allow_overlap:
                names = " and ".join(dict.fromkeys((taken[name], raw)))
                who = self.method if self._row is None else f"{self.method}: row {self._row}"
                self.add_mistake(f"{who} names one key twice: {names}.")
            elif key:
                taken[name] = raw
                yield key, field, value.read if self._from_text else value
        self._raw, self._from_text = None, False

    def adopt(self, expression: Expression) -> Expression:
        """Converts the keys and values of an expression without targets to this scope."""
        found = {key: self._resolve(key) or (key, None) for key in expression.places}
        first: dict[str, str] = {}
        for key, (full, _) in found.items():
            other = first.setdefault(strip_prefix(full), key)
            if strip_prefix(other) != strip_prefix(key):
                self.add_mistake(
                    f"{self.method}: {other} and {key} are one parameter: give it once."
                )
        changed = [key for key, (full, _) in found.items() if self.plain(full) != key]
        if changed and expression.calls:
            names = ", ".join(f"{key} as {found[key][0]}" for key in sorted(changed))
            self.add_mistake(
                f"{self.method}: the sweep has functions that read configs: write {names} in it."
            )
        edit = Edit(
            key=lambda key: found[key][0],
            values=lambda key, values: self._values(*found[key], values),
            function=lambda function, _: function._replace(node=self._scope.prefix),
            field=lambda key: found[key][1],
        )
        return expression.map(edit)

    def _resolve(self, raw: object) -> tuple[str, Field | None] | None:
        """A full key and its field; None after adding a mistake."""
        if raw not in self._resolved:
            self._resolved[raw] = None
            if unfit := key_error(raw):
                self.add_mistake(f"{self.method}: {unfit}")
                return None
            key = cast("str", raw)
            try:
                _, field = self._resolved[raw] = self._scope.resolve(key)
            except ValueError as error:
                self.add_mistake(f"{self.method}: {error}")
            else:
                if field is None and (missing := self._scope.missing(key)):
                    self._warnings[f"{self.method}: {missing}"] = None
        return self._resolved[raw]

    def _is_free(self, key: str, *, pins: bool = False) -> bool:
        """Whether a key may be given values or be pinned; adds a mistake if not."""
        spelled, place = self._places.get(strip_prefix(key), (key, ""))
        if not place or (pins if key == spelled else self._builder.allow_overlap):
            return True
        name, method = self.plain(key), self.method
        if key != spelled:
            self.add_mistake(
                f"{method}({key}) and {place}({spelled}) name one key in two ways."
                f" Write {spelled} in both."
            )
        else:
            self.add_mistake(
                f"{name} is set by {place}() and again by {method}(). A key has one axis: put all"
                " its values into one of them, or pin it with set() after both."
            )
        return False

    # Values

    def _axis(self, key: str, field: Field | None, values: Any, needs: str) -> Sequence[Any] | None:
        """The values of an axis; None after adding a mistake."""
        try:
            listed = axis_values(self.plain(key), values)
        except ValueError as error:
            self.add_mistake(f"{needs} {self.plain(key)}, got {error}")
            return None
        return self._values(key, field, listed)

    def _values(self, key: str, field: Field | None, values: Sequence[Any]) -> Sequence[Any]:
        if isinstance(values, range) and (field is None or accepts_ints(field)):
            return values
        return tuple([self._value(key, field, value) for value in values])

    def _value(self, key: str, field: Field | None, value: Any) -> Any:
        """A value as its field holds it."""
        try:
            taken = to_python(value)
        except RecursionError:
            name = self.plain(key)
            self.add_mistake(
                f"{self.method}: a value of {name} is nested too deep, or contains itself."
            )
            return None
        if field is None or type(taken) is field.annotation:
            return taken
        try:
            return into_field(taken, field, from_text=self._from_text)
        except ValueError as error:
            self.add_mistake(
                f"{self.method}: {conversion_message(self.plain(key), field, taken, error)}"
            )
            return taken
