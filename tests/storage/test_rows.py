"""Sweeps in .jsonl and .csv: a config per line."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from params_proto import Sweep, SweepError, SweepWarning
from params_proto.overrides.render import OverrideText
from tests.recipes import exactly
from tests.strategies import Level, Name


def train(lr: float = 0.1, seed: int = 0, sizes: tuple[int, ...] = ()) -> None: ...


def loaded(text: str | bytes, folder: Path, suffix: str, *targets: Any) -> Sweep:
    path = folder / f"sweep{suffix}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Sweep.load(path, *targets)


# --- the written form

ROWS: list[dict[str, Any]] = [
    {"lr": 1e-05, "opt": "adam", "as": "1", "layers": [64, "a"], "net": {"a": None}},
    {"lr": float("nan"), "opt": "", "as": " 1", "flag": True},
    {"opt": 'a "quoted", text', "as": "true\n", "lr": None},
    {},
    {"as": float("-inf"), "opt": "é 🦜", "lr": 10**30},
]


def test_jsonl_is_a_json_object_per_line(tmp_path: Path) -> None:
    Sweep().chain(*ROWS).save(tmp_path / "sweep.jsonl")

    assert (tmp_path / "sweep.jsonl").read_text("utf-8").split("\n") == [
        '{"lr": 1e-05, "opt": "adam", "as": "1", "layers": [64, "a"], "net": {"a": null}}',
        '{"lr": NaN, "opt": "", "as": " 1", "flag": true}',
        r'{"opt": "a \"quoted\", text", "as": "true\n", "lr": null}',
        "{}",
        '{"as": -Infinity, "opt": "é 🦜", "lr": 1000000000000000000000000000000}',
        "",
    ]


def test_csv_is_a_column_per_key(tmp_path: Path) -> None:
    Sweep().chain(*ROWS).save(tmp_path / "sweep.csv")

    assert list(csv.reader(StringIO((tmp_path / "sweep.csv").read_text("utf-8")))) == [
        ["lr", "opt", "as", "layers", "net", "flag"],
        ["1e-05", "adam", '"1"', '[64, "a"]', '{"a": null}', ""],
        ["NaN", '""', '" 1"', "", "", "true"],
        ["null", 'a "quoted", text', r'"true\n"', "", "", ""],
        ["", "", "", "", "", ""],
        ["1000000000000000000000000000000", "é 🦜", "-Infinity", "", "", ""],
    ]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.parametrize(
    "sweep",
    [
        pytest.param(Sweep(), id="one empty config"),
        pytest.param(Sweep().repeat(3), id="empty configs"),
        pytest.param(Sweep().product(a=[1])[1:], id="no config"),
        pytest.param(Sweep().chain({}, {"a": 1}, {}), id="one column, cells missing"),
        pytest.param(Sweep().product(a=["x" * 100_000, "\ud800", "\x00\r\x85\u2028"]), id="texts"),
        pytest.param(Sweep().product(a=["9" * 5000, "[" * 9999, "{", "- "]), id="much of JSON"),
        pytest.param(
            Sweep().product(a=[1, 2]).where(lambda c: c["a"] > 1).derive(b=lambda c: c["a"]),
            id="functions",
        ),
    ],
)
def test_what_is_saved_is_loaded(sweep: Sweep, suffix: str, tmp_path: Path) -> None:
    sweep.save(tmp_path / f"sweep{suffix}")
    text = (tmp_path / f"sweep{suffix}").read_bytes()

    assert text.count(b"\n") == len(sweep) + (suffix == ".csv")
    assert exactly(list(Sweep.load(tmp_path / f"sweep{suffix}"))) == exactly(list(sweep))


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_the_spelling_of_an_override_is_not_kept(suffix: str, tmp_path: Path) -> None:
    Sweep().product(a=[OverrideText("a b", "'a b'")]).save(tmp_path / f"sweep{suffix}")

    assert exactly(list(Sweep.load(tmp_path / f"sweep{suffix}"))) == exactly([{"a": "a b"}])


# --- what cannot be saved


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((1,), r"a of config 1: JSON cannot represent \(1,\)\. It supports lists, .* Save .*\.yaml"),
        ({1}, r"a of config 1: JSON cannot represent \{1\}\. It supports lists"),
        (Path("x"), "a of config 1: JSON cannot represent .*Path"),
        (b"x", r"a of config 1: JSON cannot represent b'x'\. It supports lists"),
        (Name.ADAM, r"a of config 1: JSON cannot represent .*ADAM.*\. It supports lists"),
        (Level.LOW, r"a of config 1: JSON cannot represent .*LOW.*\. It supports lists"),
        ([{"b": [0, (1,)]}], r"a of config 1: JSON cannot represent \[\{.b.: \[0, \(1,\)\]\}\]"),
        ({1: 2}, r"a of config 1: JSON cannot represent \{1: 2\}\. It supports .*dicts with string keys"),
        ({"b": {None: 2}}, r"a of config 1: JSON cannot represent \{.b.: \{None: 2\}\}\. It supports"),
        (len, "a of config 1: JSON cannot represent <built-in function len>"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_json_cannot_represent_names_the_key_and_writes_nothing(
    value: Any, message: str, suffix: str, tmp_path: Path
) -> None:
    with pytest.raises(SweepError, match=f"^{message}"):
        Sweep().product(a=[1, value]).save(tmp_path / f"sweep{suffix}")

    assert list(tmp_path.iterdir()) == []


# --- written by hand


@pytest.mark.parametrize(
    ("suffix", "text", "rows"),
    [
        (
            ".csv",
            "lr, opt\n".replace(" ", "") + '0.1, 2\n1e-3,"adam"\n,\n"""1""",True\nNaN,nan\n',
            [
                {"lr": 0.1, "opt": 2},
                {"lr": 0.001, "opt": "adam"},
                {},
                {"lr": "1", "opt": "True"},
                {"lr": float("nan"), "opt": "nan"},
            ],
        ),
        (".csv", "\ufeffa,b\r\n1,x\r\n\r\n2,y\r\n", [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        (".csv", 'a,b\n1,"two\nlines"\n', [{"a": 1, "b": "two\nlines"}]),
        (".csv", 'a\n[1\n"{""b"": 1}"\n01\n-\n', [{"a": "[1"}, {"a": {"b": 1}}, {"a": "01"}, {"a": "-"}]),
        (".csv", "a", []),
        (".jsonl", '\ufeff{"a": 1}\r\n\r\n  {"a": [Infinity]} \n', [{"a": 1}, {"a": [float("inf")]}]),
        (".jsonl", '{"a": "\u2028\x85"}', [{"a": "\u2028\x85"}]),
        (".jsonl", '{"a": "\\ud83e\\udd9c"}', [{"a": "🦜"}]),
    ],
    ids=ascii,
)  # fmt: skip
def test_a_file_written_by_hand(suffix: str, text: str, rows: list[Any], tmp_path: Path) -> None:
    assert exactly(list(loaded(text, tmp_path, suffix))) == exactly(rows)


def test_the_targets_check_and_convert(tmp_path: Path) -> None:
    sweep = loaded('lr,sizes\n1,"[1, 2]"\n2,\n', tmp_path, ".csv", train)

    assert exactly(list(sweep)) == exactly([{"lr": 1.0, "sizes": (1, 2)}, {"lr": 2.0}])
    assert sweep.targets == (train,)
    with pytest.warns(SweepWarning, match="Did you mean seed") as caught:
        loaded('{"sede": 1}\n', tmp_path, ".jsonl", train)
    assert caught[0].filename == __file__


# --- mistakes

MISTAKES = [
    (".jsonl", '{"a": 1}\n{"a": }\n', r"sweep.jsonl:2: this is not JSON: Expecting value at column 7. A line holds one config"),
    (".jsonl", '{"a": 1}\n\n[1]\n', r"sweep.jsonl:3: this is \[1\]. A line holds one config, as a JSON object"),
    (".jsonl", '{"a b": 1}', r"sweep.jsonl:1: chain: 'a b' is not a Hydra key"),
    (".jsonl", '{"a": ' + "[" * 100_000, r"sweep.jsonl:1: maximum recursion depth exceeded"),
    (".jsonl", '{"a": ' + "9" * 5000 + "}", r"sweep.jsonl:1: Exceeds the limit"),
    (".jsonl", b'{"a": 1}\n{"a": "\xff"}', r"sweep.jsonl cannot be read: .*utf-8"),
    (".csv", "a,b\n1,2\n3\n", r"sweep.csv:3: the header has 2 columns, this line has 1"),
    (".csv", 'a\n"x\ny"\n1,2\n', r"sweep.csv:4: the header has 1 columns, this line has 2"),
    (".csv", "a,b,a\n", r"sweep.csv:1: the column 'a' is given twice"),
    (".csv", "\n\na,a b\n1,2\n", r"sweep.csv:3: 'a b' is not a Hydra key"),
    (".csv", "<!DOCTYPE html>\n<p>\n", r"sweep.csv:1: '<!DOCTYPE html>' is not a Hydra key"),
    (".csv", "\n \n".replace(" ", ""), r"sweep.csv:1: the file has no header"),
    (".csv", "", r"sweep.csv:1: the file has no header"),
    (".csv", 'a\n"1', r"sweep.csv:2: this is not CSV: unexpected end of data"),
    (".csv", 'a,b\n1,2\n"1"x,2\n', r"sweep.csv:3: this is not CSV: ',' expected after"),
]  # fmt: skip


@pytest.mark.parametrize(("suffix", "text", "message"), MISTAKES, ids=[m[2] for m in MISTAKES])
def test_a_mistake_names_the_path_and_the_line(
    suffix: str, text: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SweepError, match=message):
        loaded(text, tmp_path, suffix)


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".csv", "lr,seed,++lr\n1,1,\nx,y,\n1,,2\n"),
        (".jsonl", '{"lr": 1}\n{"lr": "x", "seed": "y"}\n{"lr": 1, "++lr": 2}\n'),
    ],
)
def test_each_mistake_of_a_row_is_reported(suffix: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(SweepError) as caught:
        loaded(text, tmp_path, suffix, train)
    head, *mistakes = str(caught.value).split("\n")
    line = 3 if suffix == ".csv" else 2
    assert head == "3 mistakes:"
    assert [mistake.partition("sweep")[2].partition(" takes")[0] for mistake in mistakes[:2]] == [
        f"{suffix}:{line}: chain: lr",
        f"{suffix}:{line}: chain: seed",
    ]
    assert f"{suffix}:{line + 1}: chain: row 2 names one key twice: lr and ++lr" in mistakes[2]


def test_only_the_first_mistakes_of_many_are_reported(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=r"^5,000 mistakes:") as caught:
        loaded("lr\n" + "x\n" * 5000, tmp_path, ".csv", train)
    assert "sweep.csv:11: " in str(caught.value)
    assert str(caught.value).count("sweep.csv:") == 10
    assert str(caught.value).endswith("\n- and 4,990 more.")
