"""The fields of a function, a class or a dataclass, and the meaning of their annotations."""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable, Container, Iterable, Mapping
from types import NoneType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    NewType,
    NotRequired,
    Required,
    TypeVar,
    Union,
    cast,
)

from params_proto._keys import full_key
from params_proto.errors import SweepError, combine_mistakes


class _Required(enum.Enum):  # an enum stays one object when it is copied or pickled
    REQUIRED = "required"

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final[Literal[_Required.REQUIRED]] = _Required.REQUIRED
"""Marks a missing default."""


@dataclasses.dataclass(frozen=True)
class Field:
    """One parameter of a function, or one field of a class.

    Args:
        name: its name.
        annotation: its annotation with names resolved; Any without one.
        default: its default, or REQUIRED.
    """

    name: str
    annotation: Any = Any
    # Defaults can be arrays, whose == is not a bool.
    default: Any = dataclasses.field(default=REQUIRED, compare=False)


@dataclasses.dataclass(frozen=True)
class Target:
    """A function or class that gets its values from a config.

    Args:
        name: its name in messages: "train", "Training".
        node: where its fields are in the whole config: "" for the root, "training" for the
            node of a prefix class.
        fields: its fields by name, in the order of their definition.
        open: whether it takes any other name, too (`**kwargs`).
        has_configs: whether the user's configs may have other names.
    """

    name: str
    node: str
    fields: Mapping[str, Field] = dataclasses.field(hash=False)
    open: bool = False
    has_configs: bool = False

    def path(self, key: str) -> list[str]:
        """The path of a key in the node: a field's name, then a path inside it; else empty.

        >>> Target("Training", "training", {"opt": Field("opt")}).path("training.opt.lr")
        ['opt', 'lr']
        """
        node = f"{self.node}." if self.node else ""
        names = key.removeprefix(node).split(".")
        return names if key.startswith(node) and names[0] in self.fields else []


def owners_of(key: str, targets: Iterable[Target], at_root: Container[str] = ()) -> list[Target]:
    """The targets that a plain name may belong to.

    A name is the root's if that has it, else a prefix class's.

    Args:
        key: the name.
        targets: the targets.
        at_root: names at the root of an app's config that are not fields of prefix classes.
    """
    listed = list(targets)
    found = [target for target in listed if key in target.fields]
    roots = [target for target in found if not target.node]
    # A root with **kwargs has every name.
    has_any = any(target.open and not target.node for target in listed)
    return roots if roots or has_any or key in at_root else found


def owner_of(key: str, targets: Iterable[Target], at_root: Container[str] = ()) -> Target | None:
    """The only target that a plain name belongs to, if any; see `owners_of`.

    >>> lr = {"lr": Field("lr")}
    >>> owner_of("lr", [Target("Model", "model", lr), Target("Head", "head", lr)])
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: lr is ambiguous: Model and Head have it. Write model.lr or \
head.lr.
    """
    found = owners_of(key, targets, at_root)
    if len(found) < 2:
        return found[0] if found else None
    names = " and ".join(target.name for target in found)
    fix = f"Write {' or '.join(full_key(target.node, key) for target in found)}"
    if not found[0].node:
        fix = f"Sweep each by itself, Sweep({found[0].name}), and join the two with *"
    raise SweepError(f"{key} is ambiguous: {names} have it. {fix}.")


def describe(obj: Any) -> Target:
    """The fields of a function, a `@proto.cli` app, a `@proto.prefix` class or a dataclass.

    >>> def train(lr: float = 0.1, seed: int = 1): ...
    >>> describe(train).name, list(describe(train).fields)
    ('train', ['lr', 'seed'])
    >>> describe(3)
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: 3 is not a target: give a function, a @proto.cli app, \
a @proto.prefix class or a dataclass (the class, not an instance).
    """
    known = getattr(obj, "__proto_fields__", None)
    if isinstance(known, Target):
        return known
    if takes_whole_config(obj):
        return Target(display_name(obj), "", {}, open=True)
    if not callable(obj):
        raise SweepError(
            f"{obj!r} is not a target: give a function, a @proto.cli app, a @proto.prefix class"
            " or a dataclass (the class, not an instance)."
        )
    constructors = (getattr(obj, "__init__", None), getattr(obj, "__new__", None))
    if constructors == (object.__init__, object.__new__):
        raise SweepError(
            f"{display_name(obj)} is not a target: its constructor takes no values. "
            f"Decorate it with @proto.prefix or @dataclass."
        )
    fields, takes_any = parameters(obj)
    return Target(display_name(obj), "", fields, takes_any)


def parameters(obj: Callable[..., Any]) -> tuple[dict[str, Field], bool]:
    """The parameters of a callable, and whether it takes any other name, too (`**kwargs`).

    A `default_factory` is called: the field has the value that it makes.

    >>> def train(lr: float, *, seed=1, **extra): ...
    >>> parameters(train)
    ({'lr': Field(name='lr', annotation=<class 'float'>, default=REQUIRED), \
'seed': Field(name='seed', annotation=typing.Any, default=1)}, True)
    """
    try:
        found = inspect.signature(obj).parameters
    except (TypeError, ValueError) as error:
        raise SweepError(f"The parameters of {obj!r} cannot be read: {error}.") from None
    mistakes = [
        f"{display_name(obj)} takes {parameter.name} by position only, but a config gives names:"
        " remove the `/` after it, or make it one parameter that is a list."
        for parameter in found.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL)
    ]
    if mistakes:
        raise combine_mistakes(mistakes)
    named = {
        name: parameter
        for name, parameter in found.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    function, given = obj, dict[str, Any]()
    if isinstance(obj, functools.partial):
        function, given = cast("Any", obj).func, obj.keywords
    annotations, factories = annotations_of(function), _default_factories(function, given)
    fields: dict[str, Field] = {}
    for name, parameter in named.items():
        default = REQUIRED if parameter.default is parameter.empty else parameter.default
        fields[name] = Field(
            name, annotations[name], factories[name]() if name in factories else default
        )
    return fields, len(named) < len(found)


def display_name(obj: Any) -> str:
    """The name of a function, class or other callable in messages.

    >>> display_name(functools.partial(len)), display_name(list)
    ('len', 'list')
    """
    function: Any = cast("Any", obj).func if isinstance(obj, functools.partial) else obj
    return getattr(function, "__name__", type(function).__name__)


def annotations_of(obj: Any) -> dict[str, Any]:
    """The resolved annotation of each parameter of a function, and of each field of a class."""
    function, of_class = obj, dict[str, Any]()
    if isinstance(obj, type):
        function, of_class = cast("Any", obj).__init__, hints(obj)
    names = getattr(inspect.unwrap(function), "__globals__", {})
    found = inspect.signature(obj).parameters.items()
    return {
        name: resolve_annotation(parameter.annotation, names) for name, parameter in found
    } | of_class


def _default_factories(kind: Any, given: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    """The default factories of the fields of a dataclass or attrs class that are not given."""
    known = getattr(kind, "__dataclass_fields__", {}).values()
    # Not "is not MISSING": in a class that was pickled by value, that is a copy.
    factories = {f.name: f.default_factory for f in known if callable(f.default_factory)}
    for attribute in getattr(kind, "__attrs_attrs__", ()):
        default = attribute.default
        if hasattr(default, "factory") and not default.takes_self:
            factories[attribute.alias] = default.factory
    return {name: factories[name] for name in factories.keys() - given}


def is_record(kind: Any) -> bool:
    """Whether a class is a dataclass or an attrs class, whose fields a config can set."""
    return dataclasses.is_dataclass(kind) or hasattr(kind, "__attrs_attrs__")


@functools.lru_cache(maxsize=256)
def record_fields(kind: Any) -> Mapping[str, Field]:
    """The fields that the constructor of a dataclass, attrs class or named tuple takes."""
    fields, _ = parameters(kind)
    return fields


def takes_whole_config(function: Any) -> bool:
    """Whether a function takes the whole config as its one argument.

    >>> from omegaconf import DictConfig
    >>> def main(cfg: DictConfig): ...
    >>> def train(lr): ...
    >>> takes_whole_config(main), takes_whole_config(train)
    (True, False)
    """
    if made_by_hydra_main(function) is not None:
        return True
    if not isinstance(function, types.FunctionType):
        return False
    found = inspect.signature(function).parameters.values()
    texts = [inspect.formatannotation(parameter.annotation).strip("'") for parameter in found]
    return len(texts) == 1 and texts[0].rpartition(".")[2] == "DictConfig"


def made_by_hydra_main(function: Any) -> Any:
    """The function that `hydra.main` made, perhaps wrapped by other decorators; else None."""
    while function is not None:
        if getattr(function, "__globals__", {}).get("__name__") == "hydra.main":
            return function
        function = getattr(function, "__wrapped__", None)
    return None


# --- annotations: resolving names, removing wrappers, and text for messages

_WRAPPERS: tuple[Any, ...] = (Annotated, Final, ClassVar, Required, NotRequired)


def resolve_annotation(
    annotation: Any, names: Mapping[str, Any], local_names: Mapping[str, Any] = {}
) -> Any:
    """The annotation with the names in its text resolved; Any if one is unknown.

    >>> resolve_annotation("dict[str, 'int | None']", {})
    dict[str, int | None]
    >>> resolve_annotation("Tensor", {})
    typing.Any
    """
    if annotation is inspect.Parameter.empty:
        return Any
    if type(annotation) is type:
        return annotation
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    names, local_names = dict(names), dict(local_names)
    try:
        return typing.get_type_hints(holder, names, local_names, include_extras=True)["it"]
    except Exception:  # the text is the user's: evaluating it can raise anything
        return Any


def hints(cls: type) -> dict[str, Any]:
    """The resolved annotations of a class and its bases, each in the names of its own module.

    >>> class Training:
    ...     lr: "float"
    >>> hints(Training)
    {'lr': <class 'float'>}
    """
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        names = getattr(sys.modules.get(base.__module__), "__dict__", {})
        for name, annotation in inspect.get_annotations(base).items():
            found[name] = resolve_annotation(annotation, names, vars(base))
    return found


def unwrap(annotation: Any) -> Any:
    """The type inside an annotation, without Annotated, Final, NewType or a type alias.

    An annotation that does not restrict the value (none, a type variable) gives Any.

    >>> unwrap(Annotated[int, "steps"])
    <class 'int'>
    >>> unwrap(TypeVar("T"))
    typing.Any
    """
    origin = typing.get_origin(annotation)
    if origin in _WRAPPERS:
        return unwrap(typing.get_args(annotation)[0])
    if isinstance(annotation, NewType):
        return unwrap(annotation.__supertype__)
    kind = origin or annotation
    if hasattr(kind, "__value__"):  # an alias: `type Rate = float`
        return unwrap(kind.__value__)
    if annotation in (Final, ClassVar, object) or isinstance(annotation, (TypeVar, str)):
        return Any
    return NoneType if annotation is None else annotation


def union_members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, of either spelling; empty for anything else.

    >>> union_members(int | None)
    (<class 'int'>, <class 'NoneType'>)
    >>> union_members(int)
    ()
    """
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return typing.get_args(annotation)
    return ()


def without_none(annotation: Any) -> Any:
    """The X of `X | None`; any other annotation, unwrapped.

    >>> without_none(int | None), without_none(int), without_none(int | str | None)
    (<class 'int'>, <class 'int'>, int | str | None)
    """
    annotation = unwrap(annotation)
    others = [member for member in union_members(annotation) if member is not NoneType]
    return unwrap(others[0]) if len(others) == 1 else annotation


def type_text(annotation: Any) -> str:
    """An annotation as people write it.

    >>> type_text(typing.Optional[typing.List[float]])
    'list[float] | None'
    >>> type_text(Literal["adam", "sgd"])
    "'adam' | 'sgd'"
    """
    annotation = unwrap(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is NoneType:
        return "None"
    if annotation is ...:
        return "..."
    if isinstance(annotation, list):  # the parameters of a Callable
        return f"[{', '.join(map(type_text, cast('list[Any]', annotation)))}]"
    if union_members(annotation):
        return " | ".join(map(type_text, arguments))
    if origin is Literal:
        return " | ".join(str(a) if hasattr(a, "name") else repr(a) for a in arguments)
    if arguments:
        return f"{type_text(origin)}[{', '.join(map(type_text, arguments))}]"
    return getattr(origin or annotation, "__name__", str(annotation))
