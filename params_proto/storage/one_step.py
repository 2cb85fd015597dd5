"""One step of a file -> one call of a Sweep, with the line of what is wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, cast

from params_proto.algebra.builder import Builder
from params_proto.errors import Mistake, SweepError, did_you_mean, shown, together
from params_proto.python_text import slice_of
from params_proto.storage.axes import listed, options, whole
from params_proto.storage.names import STEPS
from params_proto.storage.torn import joined, torn_entries

if TYPE_CHECKING:
    from params_proto.storage.from_steps import Steps

Keys = Mapping[Any, Any]

# What they are asked of depends on the steps above them.
_READING = frozenset({"exclude", "derive", "sample"})


@dataclass(frozen=True)
class OneStep:
    """A step, to be called on the sweep of those above it.

    Args:
        steps: what it has in common with the others of its file.
        sweep: the sweep of the steps above it.
        name: its name.
        value: its arguments.
        mapping: the mapping in which it stands.
        lost: whether a step above it is wrong, so that a key or a config which this one asks for
            may be missing; of a step that asks for some, only the form is then checked.
    """

    steps: Steps
    sweep: Builder
    name: str
    value: Any
    mapping: Keys
    lost: bool = False

    def applied(self) -> Builder:
        """The sweep with this step.

        Raises:
            SweepError: arguments of another form, or whatever the call raises, with its place.
        """
        name, value, sweep = self.name, self.value, self.sweep
        if name in ("product", "zip"):
            return self._by_key(self._axis)
        if name == "exclude":
            return self._by_key(lambda key, value: options(key, value, self.steps.config_loader))
        if name in ("set", "derive"):
            return self._by_key()
        if name == "chain":
            return self._chain()
        if name == "repeat":
            return self._called(lambda: sweep.repeat(value))
        if name in ("shuffle", "sample"):
            return self._ordered()
        if name == "slice":
            return self._slice()
        if name == "cross":
            inner = self.steps.sweep(value, nested=True)
            return self._called(lambda: sweep.times(inner))
        if not isinstance(value, list) or not value:
            raise self._unfit()
        parts = [self.steps.sweep(part, nested=True) for part in cast("list[Any]", value)]
        return self._called(lambda: reduce(Builder.plus, parts))

    def _unfit(self) -> SweepError:
        """The value of the step is not what it needs."""
        return self.steps.error(
            f"{self.name} needs {STEPS[self.name]}. This is {shown(self.value)}.",
            self.mapping,
            self.name,
        )

    def _keys(self) -> Keys:
        value: object = self.value
        if isinstance(value, Mapping):
            return cast("Keys", value)
        raise self._unfit()

    def _called(self, call: Callable[[], Builder], unread: Sequence[Mistake] = ()) -> Builder:
        """The sweep that a call makes; each mistake is told where it stands.

        Args:
            call: the call.
            unread: what is wrong with arguments that are left out of the call. What it says of all
                of its arguments together does not count then.
        """
        if self.lost and self.name in _READING:
            return self.sweep
        mistakes, cause = list(unread), None
        try:
            made = call()
        except SweepError as error:
            cause = error
            mistakes += [one for one in error.mistakes if one.key is not None or not unread]
        else:
            if not mistakes:
                return made
        raise together([one.at(self._place(one)) for one in mistakes]) from cause

    def _place(self, mistake: Mistake) -> str:
        """Where the key or the row of a mistake stands; the step where it is about neither."""
        container: object = self.value
        if mistake.row is not None and isinstance(container, list):
            rows = cast("list[object]", container)
            row = rows[mistake.row]
            if not isinstance(row, Mapping) or mistake.key not in row:
                return self.steps.place(rows, mistake.row)
            container = cast("Keys", row)
        if isinstance(container, Mapping) and mistake.key in container:
            return self.steps.place(cast("Keys", container), mistake.key)
        return self.steps.place(self.mapping, self.name)

    def _by_key(self, read: Callable[[Any, Any], Any] = lambda _, value: value) -> Builder:
        """The step as a call with a mapping of keys.

        Args:
            read: makes an argument of a key and what stands there.
        """
        keys = self._keys()
        self._check_braces(keys)
        arguments: dict[Any, Any] = {}
        unread: list[Mistake] = []
        for key, value in keys.items():
            try:
                arguments[key] = read(key, value)
            except SweepError as error:
                unread += [one._replace(key=key) for one in error.mistakes]
        method: Callable[[Keys], Builder] = getattr(self.sweep, self.name)
        return self._called(lambda: method(arguments), unread)

    def _axis(self, key: Any, values: Any) -> Any:
        """The values of an axis."""
        if isinstance(values, list):
            whole(self.name, key, self.steps.parts(cast("list[Any]", values)))
        return listed(self.name, key, values, self.steps.config_loader)

    def _check_braces(self, keys: Keys) -> None:
        """Checks that no value between braces has been torn at a comma."""
        mistakes: list[str] = []
        for key, parts in torn_entries(keys, self.steps.bare(keys)).items():
            text = f"{{{key}: '{joined(parts)}'}}"
            many = (
                "" if self.name in ("product", "zip") else f", or make it a list, [{parts[0]}, ...]"
            )
            mistakes.append(
                f"{self.steps.place(keys, key)}: {self.name}: between braces quote what has a"
                f" comma, {text}{many}. YAML ends a value there."
            )
        if mistakes:
            raise together(mistakes)

    def _chain(self) -> Builder:
        value: object = self.value
        if not isinstance(value, list):
            raise self._unfit()
        rows = cast("list[Keys]", value)
        for row in rows:
            if isinstance(row, dict):
                self._check_braces(row)
        return self._called(lambda: self.sweep.chain(*rows))

    def _ordered(self) -> Builder:
        """A shuffle or a sample."""
        arguments = self._keys()
        known = ("n", "seed") if self.name == "sample" else ("seed",)
        for key in arguments:
            if key not in known:
                hint = did_you_mean(key if isinstance(key, str) else shown(key), known)
                raise self.steps.error(f"{self.name} has no {shown(key)}.{hint}", arguments, key)
        if self.name == "sample" and "n" not in arguments:
            raise self._unfit()
        return self._called(lambda: getattr(self.sweep, self.name)(**arguments))

    def _slice(self) -> Builder:
        part = slice_of(self.value) if isinstance(self.value, str) else None
        if part is None:
            raise self._unfit()
        if part.step == 0:
            raise self.steps.error("a slice's step cannot be 0.", self.mapping, self.name)
        return self._called(lambda: self.sweep.slice(part))
