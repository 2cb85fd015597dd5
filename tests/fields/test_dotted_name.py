"""Objects by name."""

from __future__ import annotations

import json
import math
import os.path
from pathlib import Path
from typing import Any

import pytest

from params_proto.fields.convert import dotted_name, find_object


class Outer:
    class Inner:
        pass

    def method(self) -> None: ...


def local() -> Any:
    def inside() -> None: ...

    return inside


def kind_and_name(obj: Any) -> str:
    """An id that is the same in every process."""
    return f"{type(obj).__name__} {getattr(obj, '__name__', obj)}"


@pytest.mark.parametrize(
    "obj",
    [len, json.dumps, math.sqrt, os.path.join, Outer, Outer.Inner, Outer.method],
    ids=kind_and_name,
)
def test_what_a_module_holds_is_found_by_its_name(obj: Any) -> None:
    name = dotted_name(obj)
    assert name is not None
    assert find_object(name) is obj


@pytest.mark.parametrize(
    "obj",
    [lambda: 0, local(), Outer().method, 3, str.upper, type("Outer", (), {})],
    ids=kind_and_name,
)
def test_what_no_name_leads_to_has_none(obj: Any) -> None:
    assert dotted_name(obj) is None


def test_a_module_is_imported_to_find_what_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "shapes"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "round.py").write_text("class Circle:\n    area = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert find_object("shapes.round.Circle.area") == 3


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("import nowhere_to_be_found", "cannot be imported: No module named 'nowhere_to_be_found'"),
        ("1 / 0", "cannot be imported: division by zero"),
        ("", "module '{module}' has no attribute 'relu'"),
    ],
    ids=["needs-another", "fails", "lacks-it"],
)
def test_what_cannot_be_found_is_told_with_its_reason(
    source: str, rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"broken_{len(source)}"
    (tmp_path / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=rule.format(module=module)):
        find_object(f"{module}.relu")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("relu", "'relu' is not a name like package.module.name"),
        ("sum", "'sum' is not a name like package.module.name: write builtins.sum"),
        ("a..b", "is not a name like"),
        ("torch.nn relu", "is not a name like"),
        ("nowhere.relu", "'nowhere.relu' cannot be imported: No module named 'nowhere'"),
        ("json.decoder.nope.deeper", "module 'json.decoder' has no attribute 'nope'"),
        ("os.path.join.nope", "'function' object has no attribute 'nope'"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_name_that_leads_nowhere_is_refused(name: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        find_object(name)
