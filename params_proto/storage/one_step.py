"""One step of a file -> one call of a Sweep, with the line of what is wrong in it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, cast

from params_proto.errors import SweepError, did_you_mean, shown, together
from params_proto.python_text import slice_of
from params_proto.storage.axes import listed, options, whole
from params_proto.storage.mistakes import MOST_TOLD, fails, placed
from params_proto.storage.names import STEPS
from params_proto.storage.torn import joined, torn_entries

if TYPE_CHECKING:
    from params_proto.storage.from_steps import Steps
    from params_proto.sweep import Sweep

Keys = Mapping[Any, Any]
Part = tuple[object, Any, "Callable[[], Sweep]"]

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
    sweep: Sweep
    name: str
    value: Any
    mapping: Keys
    lost: bool = False

    def applied(self) -> Sweep:
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
            return self._called(lambda: sweep * inner)
        if not isinstance(value, list) or not value:
            raise self._unfit()
        parts = [self.steps.sweep(part, nested=True) for part in cast("list[Any]", value)]
        return self._called(lambda: reduce(add, parts))

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

    def _called(self, call: Callable[[], Sweep], parts: Iterable[Part] = ()) -> Sweep:
        """The sweep that a call makes; a mistake is told where it stands.

        Args:
            call: the call.
            parts: the same call with a single key or row: those that fail as well are to blame.
        """
        if self.lost and self.name in _READING:
            return self.sweep
        try:
            return call()
        except SweepError as error:
            mistakes: list[str] = []
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what a part warns of has nothing to do with it
                for container, key, part in parts:
                    try:
                        part()
                    except SweepError as own:
                        mistakes += placed(self.steps.place(container, key), own)
                    if len(mistakes) >= MOST_TOLD:
                        break
            if not mistakes:
                mistakes = placed(self.steps.place(self.mapping, self.name), error)
            raise together(mistakes[:MOST_TOLD]) from error

    def _by_key(self, read: Callable[[Any, Any], Any] = lambda _, value: value) -> Sweep:
        """The step as a call with a mapping of keys.

        Args:
            read: makes an argument of a key and what stands there.
        """
        keys = self._keys()
        self._check_braces(keys)
        method: Callable[[Keys], Sweep] = getattr(self.sweep, self.name)
        return self._called(
            lambda: method({key: read(key, value) for key, value in keys.items()}),
            [(keys, key, lambda key=key: method({key: read(key, keys[key])})) for key in keys],
        )

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

    def _chain(self) -> Sweep:
        value: object = self.value
        if not isinstance(value, list):
            raise self._unfit()
        rows, chain = cast("list[Keys]", value), self.sweep.chain
        for row in rows:
            if isinstance(row, dict):
                self._check_braces(row)

        def numbered(number: int, row: Keys) -> Callable[[], Sweep]:
            # A message names a row by its number, so that as many stand before it.
            return lambda: chain(*[dict[str, Any]()] * number, row)

        def parts() -> Iterator[Part]:
            for number, row in enumerate(rows):
                if not fails(lambda row=row: chain(row)):
                    continue
                alone = [{key: row[key]} for key in row] if isinstance(row, dict) else []
                wrong = [part for part in alone if fails(lambda part=part: chain(part))]
                for part in wrong:
                    yield row, next(iter(part)), numbered(number, part)
                if not wrong:
                    yield rows, number, numbered(number, row)

        return self._called(lambda: chain(*rows), parts())

    def _ordered(self) -> Sweep:
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

    def _slice(self) -> Sweep:
        part = slice_of(self.value) if isinstance(self.value, str) else None
        if part is None:
            raise self._unfit()
        if part.step == 0:
            raise self.steps.error("a slice's step cannot be 0.", self.mapping, self.name)
        return self._called(lambda: self.sweep[part])
