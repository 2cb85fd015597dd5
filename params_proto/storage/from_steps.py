"""The plain form of a sweep -> a Sweep, made by the same calls as in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from params_proto.algebra.builder import Builder
from params_proto.algebra.scope import Scope
from params_proto.errors import Mistake, SweepError, did_you_mean, shown, together
from params_proto.keys import is_node
from params_proto.storage.names import FORM, MOST_TOLD, STEPS, acts_on_nothing
from params_proto.storage.one_step import OneStep

if TYPE_CHECKING:
    import os

    from hydra.core.config_loader import ConfigLoader

    from params_proto.storage.reader import Document


def sweep_from_steps(
    steps: Mapping[str, Any] | Sequence[Any],
    empty: Builder | None = None,
    *,
    where: str | Document = "hydra.sweeper.sweep",
    config_loader: ConfigLoader | None = None,
    config_dir: str | os.PathLike[str] | None = None,
) -> Builder:
    """The sweep that steps in plain Python containers stand for.

    Args:
        steps: a mapping of steps, or a list of them: what a file or a composed config holds.
        empty: the sweep of nothing yet, over its targets.
        where: what error messages begin with: a name, or the document whose lines they name.
        config_loader: Hydra's, for a `glob`.
        config_dir: where a `glob` finds the options of a config group, without a config loader.

    Raises:
        SweepError: a step that there is not, or whatever its call in Python would raise.

    >>> sweep_from_steps({"product": {"lr": [0.1, 0.01], "seed": "range(1,4)"}, "repeat": 2})
    Sweep().product(lr=[0.1, 0.01], seed=range(1, 4)).repeat(2)
    """
    if config_loader is None and config_dir is not None:
        from params_proto.storage.groups import options_in

        config_loader = options_in(config_dir)
    return Steps(Builder() if empty is None else empty, where, config_loader).sweep(steps)


@dataclass(frozen=True)
class Steps:
    """What all steps of a file have in common.

    Args:
        empty: the sweep of nothing yet, over the targets.
        where: what error messages begin with.
        config_loader: for `glob`.
    """

    empty: Builder
    where: str | Document
    config_loader: ConfigLoader | None

    def sweep(self, steps: object, nested: bool = False) -> Builder:
        """The sweep of a mapping of steps, or a list of them.

        Args:
            steps: what the file or the config holds.
            nested: whether it stands within a step, in which keys are named as around it.
        """
        mappings = self._mappings(steps)
        self._check_names(mappings)
        prefix = self._prefix(mappings)
        if prefix not in ("", self.empty.scope.prefix):
            return self._under(prefix, steps, nested)
        result, before = self.empty, list[str]()
        mistakes: list[Mistake] = []
        cause: SweepError | None = None
        for mapping, name in [(some, name) for some in mappings for name in some]:
            if name == "prefix":
                continue
            try:
                self._check_order(mapping, name, before, lost=bool(mistakes))
                step = OneStep(self, result, name, mapping[name], mapping, bool(mistakes))
                result = step.applied()
            except SweepError as error:
                cause = cause or error
                mistakes += error.mistakes
            before.append(name)
            if len(mistakes) >= MOST_TOLD:
                break
        if mistakes:
            raise together(mistakes[:MOST_TOLD]) from cause
        return result

    def _check_order(
        self, mapping: Mapping[str, Any], name: str, before: list[str], *, lost: bool
    ) -> None:
        """Checks that there is such a step, and that it may stand below those before it."""
        unfit = None if lost else acts_on_nothing(name, before)
        if name == "concat" and before:
            unfit = "concat stands first. To multiply by it, write cross: {concat: [...]}."
        if name not in STEPS:
            unfit = f"{shown(name)} is no step.{_hint(name)}"
        if unfit:
            raise self.error(unfit, mapping, name)

    def error(self, message: str, container: object, key: Any) -> SweepError:
        """A mistake at a key of a mapping, or an index of a list."""
        return SweepError(f"{self.place(container, key)}: {message}")

    def place(self, container: object, key: Any) -> str:
        """Where a key stands."""
        return self.where if isinstance(self.where, str) else self.where.place(container, key)

    def bare(self, keys: Mapping[Any, Any]) -> list[Any] | None:
        """The keys of a mapping between braces that have no colon; None where it is not known."""
        return None if isinstance(self.where, str) else self.where.parts(keys)

    def parts(self, values: list[Any]) -> list[Any]:
        """The elements of a list between brackets, in quotes where it is known that they are."""
        return values if isinstance(self.where, str) else self.where.parts(values)

    def _mappings(self, steps: object) -> list[Mapping[str, Any]]:
        if isinstance(steps, Mapping):
            return [cast("Mapping[str, Any]", steps)]
        if not isinstance(steps, (list, tuple)):
            raise self.error(f"a sweep is {FORM}. This is {shown(steps)}.", steps, None)
        given = cast("Sequence[Any]", steps)
        for number, mapping in enumerate(given):
            if not isinstance(mapping, Mapping):
                raise self.error(
                    f"a sweep is {FORM}. Number {number} of the list is {shown(mapping)}.",
                    given,
                    number,
                )
        return list(given)

    def _check_names(self, mappings: list[Mapping[str, Any]]) -> None:
        names = [(mapping, name) for mapping in mappings for name in mapping]
        if names and not any(name in STEPS for _, name in names):
            mapping, name = names[0]
            raise self.error(
                f"{shown(name)} is no step. A sweep is {FORM}.{_hint(name)}", mapping, name
            )

    def _prefix(self, mappings: list[Mapping[str, Any]]) -> str:
        prefix = ""
        for mapping in mappings:
            if "prefix" in mapping:
                given = mapping["prefix"]
                if prefix or not is_node(given):
                    raise self.error(
                        f"prefix stands once, and is {STEPS['prefix']}. This is {shown(given)}.",
                        mapping,
                        "prefix",
                    )
                prefix = given
        return prefix

    def _under(self, prefix: str, steps: object, nested: bool) -> Builder:
        """The sweep of steps whose plain keys stand under a node."""
        targets = self.empty.targets
        owners = [target for target in targets if Scope.of((target,)).prefix == prefix]
        if targets and not owners and not nested:
            names = ", ".join(getattr(target, "__name__", str(target)) for target in targets)
            raise self.error(
                f"this is a sweep over the prefix class of the node {prefix}. Give that class as a"
                f" target, not only {names}.",
                steps,
                "prefix",
            )
        own = Builder(Scope.of(tuple(owners[:1])) if owners else Scope(prefix=prefix))
        below = Steps(own, self.where, self.config_loader).sweep(steps)
        if not targets and not nested:
            return below
        return Builder(self.empty.scope, below.expression, layered=self.empty.layered)


def _hint(name: object) -> str:
    return did_you_mean(name if isinstance(name, str) else shown(name), STEPS)
