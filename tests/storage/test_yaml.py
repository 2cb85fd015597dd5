"""Sweeps in YAML: as a person writes them, as Hydra reads them, and their mistakes."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import enum
from io import StringIO
from pathlib import Path, PurePosixPath
from textwrap import dedent
from typing import Any

import pytest
from omegaconf import OmegaConf

from params_proto import Sweep, SweepError, SweepWarning, proto
from params_proto.algebra.builder import Builder
from params_proto.algebra.scope import Scope
from params_proto.overrides.render import OverrideText
from params_proto.storage.plain import sweep_from_steps
from tests.recipes import exactly


def train(lr: float = 0.1, seed: int = 0, opt: str = "adam") -> None: ...


@proto.prefix
class Training:
    lr: Any = 0.1


def written(sweep: Sweep, folder: Path) -> str:
    sweep.save(folder / "sweep.yaml")
    return (folder / "sweep.yaml").read_text("utf-8")


def loaded(text: str, folder: Path, *targets: Any, **options: Any) -> Sweep:
    path = folder / "sweep.yaml"
    path.write_text(dedent(text), "utf-8")
    return Sweep.load(path, *targets, **options)


# --- the written form

LONG = {
    "learning_rate": [0.001 * n for n in range(1, 9)],
    "weight_decay": [0.1 * n for n in (1, 2)],
}

FORMS = {
    "the example of the design": (
        Sweep()
        .product(lr=[0.001, 0.01])
        .zip(batch_size=[32, 64], epochs=[100, 200])
        .set(seed=42)
        .repeat(3),
        """\
        product: {lr: [0.001, 0.01]}
        zip: {batch_size: [32, 64], epochs: [100, 200]}
        set: {seed: 42}
        repeat: 3
        """,
    ),
    "rows": (
        Sweep().chain({"lr": 0.1, "model": "resnet18"}, {}, {"layers": [64, 32]}),
        """\
        chain:
        - {lr: 0.1, model: resnet18}
        - {}
        - {layers: [64, 32]}
        """,
    ),
    "what reads configs": (
        Sweep()
        .product(lr=[0.1, 0.01, 0.001], bs=[32, 64], layers=[[1], [2]])
        .exclude(lr=0.1, bs=[32, 64])
        .derive(name="lr{lr:.0e}-{bs}")
        .shuffle(3)
        .sample(6, seed=1)[1:5:2],
        """\
        product: {lr: [0.1, 0.01, 0.001], bs: [32, 64], layers: [[1], [2]]}
        exclude: {lr: [0.1], bs: [32, 64]}
        derive: {name: "lr{lr:.0e}-{bs}"}
        shuffle: {seed: 3}
        sample: {n: 6, seed: 1}
        slice: "1:5:2"
        """,
    ),
    "text that would read as several values of exclude": (
        Sweep().zip(a=["1,2", "x"], b=["x", "y"]).exclude(a="1,2", b="x"),
        """\
        zip: {a: ["1,2", x], b: [x, y]}
        exclude: {a: ["1,2"], b: [x]}
        """,
    ),
    "a step twice": (
        Sweep().product(a=[1, 2]).set(b=3).product(c=[4, 5]),
        """\
        - product: {a: [1, 2]}
        - set: {b: 3}
        - product: {c: [4, 5]}
        """,
    ),
    "one after the other, times shuffled": (
        (Sweep().product(a=[1]) + Sweep().chain({"b": 2}) + Sweep())
        * Sweep().product(c=[3, 4]).shuffle(),
        """\
        concat:
        - product: {a: [1]}
        - chain:
          - {b: 2}
        - {}
        cross:
          product: {c: [3, 4]}
          shuffle: {seed: 0}
        """,
    ),
    "a node": (
        Sweep(Training).product(lr=[0.1]),
        """\
        prefix: training
        product: {lr: [0.1]}
        """,
    ),
    "more than a line": (
        Sweep().product(LONG),
        """\
        product:
          learning_rate: [0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008]
          weight_decay: [0.1, 0.2]
        """,
    ),
    "a range": (
        Sweep().product(a=range(3), b=range(100), c=range(50, -60, -2)),
        """\
        product: {a: [0, 1, 2], b: "range(0,100)", c: "range(50,-60,-2)"}
        """,
    ),
    "values of every type": (
        Sweep().product(
            a=[None, True, 1, 1e-5, 1e20, float("inf"), float("-inf"), float("nan"), -0.0],
            b=["1", "yes", "a b", "lr{lr}", "", "${x}", "2024-01-01", "é"],
            c=[(1, (2,)), {3, 1}, frozenset(), Path("a/b"), b"\x00", {2: []}],
        ),
        """\
        product:
          a: [null, true, 1, 1e-05, 1e+20, .inf, -.inf, .nan, -0.0]
          b: ["1", "yes", a b, "lr{lr}", "", "${x}", "2024-01-01", é]
          c: [!tuple [1, !tuple [2]], !set [1, 3], !frozenset [], !path a/b, !!binary AA==, {2: []}]
        """,
    ),
}


@pytest.mark.parametrize(("sweep", "text"), FORMS.values(), ids=FORMS)
def test_a_sweep_is_written_as_a_person_would(sweep: Sweep, text: str, tmp_path: Path) -> None:
    assert written(sweep, tmp_path) == dedent(text)
    again = Sweep.load(tmp_path / "sweep.yaml")
    assert again == sweep
    assert exactly(list(again)) == exactly(list(sweep))


def test_what_is_long_is_kept(tmp_path: Path) -> None:
    ranges = Sweep().product(a=range(10**12), b=range(0, 10**9, 7))
    integers = Sweep().product(a=[10**5000, -(10**5000), 2**64])
    exclusion = Sweep().product(seed=[1, 2]).exclude(seed=range(10**12))
    assert written(ranges, tmp_path) == (
        'product: {a: "range(0,1000000000000)", b: "range(0,1000000000,7)"}\n'
    )
    assert hex(10**5000) in repr(integers)
    for sweep in (ranges, integers, exclusion):
        written(sweep, tmp_path)
        assert Sweep.load(tmp_path / "sweep.yaml") == sweep


def test_interpolations_of_an_override_stay_what_they_are(tmp_path: Path) -> None:
    axis = [1, OverrideText("${seed}", "${seed}"), OverrideText("a b", "'a b'")]
    text = written(Sweep().product(lr=axis), tmp_path)

    assert text == "product: {lr: [1, !override '${seed}', a b]}\n"
    again = Sweep.load(tmp_path / "sweep.yaml")
    assert [override for (override,) in again.overrides()] == ["lr=1", "lr=${seed}", "lr='a b'"]

    pinned = Sweep().set(lr=axis[1], layers=[axis[1]]).chain({"bs": axis[1]})
    assert "!override" in written(pinned, tmp_path)
    assert list(Sweep.load(tmp_path / "sweep.yaml").overrides()) == list(pinned.overrides())


# --- what cannot be saved


class Color(enum.Flag):
    RED = 1
    BLUE = 2


UNSAVABLE = {
    "a lambda": (Sweep().product(act=[1, lambda x: x]), r"^product: act: YAML cannot represent <func"),
    "an object": (Sweep().set(net=[{"a": object()}]), "^set: net: .* of the type object. Give a name"),
    "a key": (Sweep().set(a={1 + 2j: 3}), r"^set: a: YAML cannot represent \(1\+2j\)"),
    "a path of another system": (Sweep().set(a=PurePosixPath("a")), "^set: a: .*PurePosixPath"),
    "members without a name": (Sweep().set(a=Color(0)), "^set: a: .*no name of its own"),
    "half a pair": (Sweep().set(a="\ud800"), r"^set: a: '\\ud800' has half a surrogate.*\.jsonl can"),
    "where": (Sweep().product(a=[1, 2]).where(lambda config: config["a"] > 1), r"^where\(\.\.\.\) cannot be saved.*exclude\(\).*\.jsonl"),
    "derive": (Sweep().product(a=[1]).derive(b="{a}", c=lambda config: 1), '^derive: c: a file cannot hold a function. Write a format string, c="lr{lr}"'),
    "above every axis": (Sweep().set(b=1).exclude(b=2).product(a=[1, 2]), r"^exclude comes before every axis, .* Put it after product\(\), .*: \.jsonl"),
}  # fmt: skip


@pytest.mark.parametrize(("sweep", "message"), UNSAVABLE.values(), ids=UNSAVABLE)
def test_what_cannot_be_saved_names_the_key_and_writes_nothing(
    sweep: Sweep, message: str, tmp_path: Path
) -> None:
    (tmp_path / "sweep.yaml").write_text("before")
    with pytest.raises(SweepError, match=message):
        sweep.save(tmp_path / "sweep.yaml")

    assert [path.name for path in tmp_path.iterdir()] == ["sweep.yaml"]
    assert (tmp_path / "sweep.yaml").read_text() == "before"


# --- scalars as Hydra reads them

SCALARS = """
    yes Yes YES no No NO on On ON off OFF y n Y N true True TRUE tRUE false null Null NULL ~ nUll
    0 -0 +1 1_000 1__0 0o17 017 08 0x1F 0b11 0_ 12:30:45 1:30 1:60 190:20:30.15 5:99 00:00
    1e5 1e-5 1E5 1e+5 1. .5 .5e3 .5e+3 1_0.5 ._1 .e1 e5 0.1.2 1e5.0 6.02e23 1.e3 -1e-3 +.5
    .inf +.inf -.INF .Inf .nan .NaN -.nan inf nan 2024-01-01 2024-01-01T00:00:00Z 2001-1-1
    adam a-b a/b a.b -a +a ~a $a ${a} 1a + . _ a#b a:b
""".split()  # noqa: SIM905 - a table


@pytest.mark.parametrize("scalar", SCALARS)
def test_a_scalar_is_what_a_hydra_config_has(scalar: str, tmp_path: Path) -> None:
    hydra = OmegaConf.to_container(OmegaConf.load(StringIO(f"a: {scalar}")))
    (config,) = loaded(f"set:\n  a: {scalar}", tmp_path)

    assert exactly(config) == exactly(hydra)


# --- written by hand

BY_HAND = {
    "an empty mapping": ("{}", Sweep()),
    "no steps": ("[]", Sweep()),
    "an ablation": (
        """\
        # comments, anchors and merge keys
        chain:
          - &baseline {lr: 1e-3, batch_size: 32, augment: no}
          - <<: *baseline
            augment: yes
          - {<<: *baseline, lr: 1e-2}
          - <<: [{epochs: 64}, *baseline]
        """,
        Sweep().chain(
            {"lr": 1e-3, "batch_size": 32, "augment": False},
            {"lr": 1e-3, "batch_size": 32, "augment": True},
            {"lr": 1e-2, "batch_size": 32, "augment": False},
            {"epochs": 64, "lr": 1e-3, "batch_size": 32, "augment": False},
        ),
    ),
    "explicit tags": (
        """\
        set: !!map
          a: !!seq [!!str 1, !!int "2", !!float 3, !!bool "yes", !!null "", !!binary AQ==]
          b: !tuple [1, !path "2", !!str 3]
          c: !set [1, 1, a]
        """,
        Sweep().set(a=["1", 2, 3.0, True, None, b"\x01"], b=(1, Path("2"), "3"), c={1, "a"}),
    ),
    "aliases": ("product: {a: &values [1, &two 2], b: *values, c: [*two]}", Sweep().product(a=[1, 2], b=[1, 2], c=[2])),
    "no merge": ("set: {a: <<, b: =}", Sweep().set(a="<<", b="=")),
    "sweeps of Hydra": (
        """\
        product:
          lr: range(1,5)
          opt: adam,sgd
          one: resnet18
          two: choice(1,[2,3])
          half: range(0,1,0.5)
          down: range(3,0,-1)
        """,
        Sweep().product(
            lr=range(1, 5),
            opt=["adam", "sgd"],
            one=["resnet18"],
            two=[1, [2, 3]],
            half=[0.0, 0.5],
            down=[3, 2, 1],
        ),
    ),
    "a key to delete": ("set: {f: null, ~g}", Sweep().set({"f": None, "~g": None})),
    "text that is a value": ("zip: {a: 'x,y'}\nchain: [{b: 'range(1,5)'}]\nset: {c: 'a,b'}\nexclude: {a: 'x'}", Sweep().zip(a=["x", "y"]).chain({"b": "range(1,5)"}).set(c="a,b").exclude(a="x")),
    "a sweep of Hydra's in exclude": ("set: {a: 1, b: 1, c: 1, d: 1, e: 1}\nrepeat: 2\nexclude: {a: 'range(2,5)', b: '1,a', c: 'x', d: ['x (y, z'], e: ['1,2']}", Sweep().set(a=1, b=1, c=1, d=1, e=1).repeat(2).exclude(a=range(2, 5), b=[1, "a"], c="x", d="x (y, z", e=["1,2"])),
    "shuffle in quotes": ("product: {x: [1], y: \"'shuffle(1)',b\"}\nset: {a: 1, ~db}", Sweep().product(x=[1], y=["shuffle(1)", "b"]).set({"a": 1, "~db": None})),
    "several steps in an element": ("- product: {a: [1]}\n  repeat: 2\n- product: {b: [2]}", Sweep().product(a=[1]).repeat(2).product(b=[2])),
    "default seeds": ("product: {a: [1, 2]}\nshuffle: {}\nsample: {n: 1}", Sweep().product(a=[1, 2]).shuffle().sample(1)),
    "a part from the end": ("product: {a: [1, 2, 3]}\nslice: ' -2 : '", Sweep().product(a=[1, 2, 3])[1:]),
    "a single sweep of concat": ("concat: [{product: {a: [1]}}]", Sweep().product(a=[1])),
    "prefix anywhere": ("product: {lr: [1]}\nprefix: training", Sweep(Training).product(lr=[1])),
    "windows": ("\ufeffproduct: {a: [1]}\r\nrepeat: 2\r\n", Sweep().product(a=[1]).repeat(2)),
}  # fmt: skip


@pytest.mark.parametrize(("text", "sweep"), BY_HAND.values(), ids=BY_HAND)
def test_a_file_written_by_hand(text: str, sweep: Sweep, tmp_path: Path) -> None:
    again = loaded(text, tmp_path)

    assert again == sweep
    assert again.prefix == sweep.prefix
    assert exactly(list(again)) == exactly(list(sweep))


def test_a_glob_lists_the_options_of_a_group(tmp_path: Path) -> None:
    for name in ("small.yaml", "large.yaml", "readme.txt", "deep/er.yaml", "folder.yaml/x.yaml"):
        path = tmp_path / "conf/model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    text = "product: {model: 'glob(*)', +model@other: 'glob(*, exclude=s*)'}"

    assert loaded(text, tmp_path, config_dir=tmp_path / "conf") == Sweep().product(
        {"model": ["large", "small"], "+model@other": ["large"]}
    )
    nested = loaded("product: {model: glob(deep/*)}", tmp_path, config_dir=tmp_path / "conf")
    assert nested == Sweep().product(model=["deep/er"])
    with pytest.raises(SweepError, match=r"sweep.yaml:1: product: .*config_dir=conf"):
        loaded(text, tmp_path)
    with pytest.raises(SweepError, match=r"config_dir='.*nowhere' is not a directory"):
        loaded(text, tmp_path, config_dir=tmp_path / "nowhere")
    with pytest.raises(SweepError, match=r"sweep.yaml:1: product: model=glob.* has no values"):
        loaded("product: {model: glob(x*)}", tmp_path, config_dir=tmp_path / "conf")
    with pytest.raises(SweepError, match="has no values: no option of the config group modl"):
        loaded("product: {modl: glob(*)}", tmp_path, config_dir=tmp_path / "conf")


def test_a_sweep_of_hydra_goes_into_a_field_as_on_its_command_line(tmp_path: Path) -> None:
    text = "product: {opt: '1,true,a', lr: '1,\"1e-3\"'}\nzip: {seed: '\"7\"'}"
    typed = Sweep(train).product(opt=["1", "True", "a"], lr=[1.0, 0.001]).zip(seed=[7])

    assert loaded(text, tmp_path, train) == typed
    assert loaded("product: {opt: 'range(1,3)'}", tmp_path, train)[1] == {"opt": "2"}
    with pytest.raises(SweepError, match="seed takes int, got 'x'"):
        loaded("product: {seed: '1,x'}", tmp_path, train)
    with pytest.raises(SweepError, match="opt takes str, got 1"):  # a list is of values as they are
        loaded("product: {opt: [1, 2]}", tmp_path, train)


def test_an_interpolation_within_a_value_stays_one(tmp_path: Path) -> None:
    def tagged(tags: list[str]) -> None: ...

    sweep = loaded("product: {tags: \"[1,'run-${seed}'],[b]\"}", tmp_path, tagged)
    assert list(sweep.overrides()) == [["tags=['1','run-${seed}']"], ["tags=[b]"]]


def test_the_targets_check_and_convert(tmp_path: Path) -> None:
    text = "product: {lr: [1, 0.1]}\nset: {sede: 1}"

    with pytest.warns(SweepWarning, match="Did you mean seed") as caught:
        sweep = loaded(text, tmp_path, train)
    assert caught[0].filename == __file__
    assert exactly([config["lr"] for config in sweep]) == exactly([1.0, 0.1])
    assert sweep.targets == (train,)


# --- mistakes

STEPS = "product, zip, chain, set, repeat, exclude, derive, shuffle, sample, slice, concat, cross"

MISTAKES = {
    "nothing": ("", r"sweep.yaml:1: the file is empty"),
    "two documents": ("repeat: 2\n---\nrepeat: 3\n", r"sweep.yaml:2: this is not YAML: .*another document"),
    "torn": ("product: {a: [1, 2\nset: {b: 1}\n", r"sweep.yaml:2: this is not YAML: .*expected"),
    "a tab": ("product:\n\ta: [1]", r"sweep.yaml:2: this is not YAML: .*cannot start any token"),
    "a control character": ("set:\n  a: \x07", r"sweep.yaml:2: '\\x07' is not a character of YAML"),
    "text": ("hello", r"sweep.yaml:1: a sweep is a mapping of steps, product: .*This is 'hello'"),
    "a value among steps": ("- repeat: 2\n- 2", r"sweep.yaml:2: .* This is 2\."),
    "a Hydra config": ("# a config\ndefaults:\n  - db: pg\nhydra:\n  job: {}\n", rf"sweep.yaml:2: 'defaults' is not a step. Valid names: {STEPS}, prefix\."),
    "twice the same key": ("repeat: 2\nrepeat: 3", r"sweep.yaml:2: the key 'repeat' is given twice"),
    "a list as a key": ("? [1]\n: 2", r"sweep.yaml:1: \[1\] is not a key\.$"),
    "a list in a set": ("set:\n  a: !set [[1]]", r"sweep.yaml:2: !set: unhashable type: 'list'"),
    "merging no mapping": ("chain:\n- <<: 3", r"sweep.yaml:2: .*expected a mapping or list of mappings for merging"),
    "code": ("product:\n  a: !!python/object/apply:os.system ['true']", r"sweep.yaml:2: !!python/object/apply:os.system: sweep files have no such tag"),
    "a list's tag on a mapping": ("set: {a: !tuple {b: 1}}", r"sweep.yaml:1: expected a sequence node, but found mapping"),
    "a text's tag on a list": ("set: {a: !path [b]}", r"sweep.yaml:1: expected a scalar node, but found sequence"),
    "a tag that does not fit": ("set: {a: !!int x}", r"sweep.yaml:1: !!int: .*'x'"),
    "no binary": ("set: {a: !!binary é}", r"sweep.yaml:1: failed to convert base64"),
    "an alias of nothing": ("set: {a: *b}", r"sweep.yaml:1: .*undefined alias"),
    "an alias of itself": ("set: &s\n  a: *s", r"sweep.yaml:1: found unconstructable recursive node"),
    "endless depth": ("[" * 100_000, r"sweep.yaml:1: this is not YAML"),
    "a step misspelt": ("repeat: 2\nprodct: {a: [1]}", r"yaml:2: 'prodct' is not a step. Did you mean pro"),
    "no mapping": ("product:", r"sweep.yaml:1: product needs a mapping from keys to .*This is None"),
    "nested keys": ("product:\n  a: [1]\n  model: {lr: [1]}", r"sweep.yaml:3: product needs a list of values for model, got a mapping. Write its keys with dots, \{'model.name'"),
    "a number": ("product:\n  lr: 0.1", r"yaml:2: product needs .* lr, got 0.1. Write lr=\[0.1\], or"),
    "null as an axis": ("product:\n  lr:", r"sweep.yaml:2: product .* lr, got None. Write lr=\[None\]"),
    "no key": ("product: {1: [1]}", r"sweep.yaml:1: product: 1 is not a Hydra key"),
    "an axis twice": ("- product: {a: [1]}\n- zip: {a: [1]}", r"sweep.yaml:2: a is set by product\(\) and again by zip"),
    "an interval": ("product: {a: 'interval(0,1)'}", r"sweep.yaml:1: product: .*interval has no val"),
    "no sweep of Hydra": ("product: {a: 'x,'}", r"sweep.yaml:1: product: Hydra cannot read 'a=x,'"),
    "a comma in braces": ("product:\n  {a: range(1,5)}", r"sweep.yaml:2: product: .*range\(1"),
    "a comma in brackets": ("product:\n  x: [range(1,3)]", r"^\S*yaml:2: product: x: YAML splits bracketed .* Quote .*: x: 'range\(1,3\)'\.$"),
    "an order without a seed": ("repeat: 2\nproduct: {x: 'shuffle(1,2,3)'}", r"yaml:2: product: x=shuffle\(1,2,3\) has a different order each .* shuffle: \{seed: 0\}"),
    "an override without a seed": ("set: {x: !override 'shuffle([1,2])'}", r"yaml:1: !override: 'shuffle\(\[1,2\]\)' has a different order each time"),
    "no row": ("chain: []", r"sweep.yaml:1: chain needs at least one row"),
    "rows in a mapping": ("chain: {a: 1}", r"sweep.yaml:1: chain needs a list of rows"),
    "a row that is none, by its number": ("chain:\n- {a: 1}\n- {}\n- 3", r"yaml:4: chain takes .*; row 2 is 3\."),
    "one key twice in a row": ("chain:\n- {lr: 2}\n- {lr: 1, ++lr: 3}", r"yaml:3: chain: row 1 names one key twice: lr and \+\+lr"),
    "steps, each by itself": (
        "- product:\n    lr: 1\n- exclude: {lr: 2}\n- repeat: 0\n"
        "- cross:\n    repat: 2\n    zip: {a: 1}\n"
        "- smaple: {n: 1}\n- derive: {b: '{lr}'}\n- slice: 1\n- sample: {m: 3}\n- set: {1: 2}",
        r"^6 mistakes:\n- \S*yaml:2: product .* lr, .*\n- \S*yaml:4: repeat .*"
        r"\n- \S*yaml:6: 'repat' .*\n- \S*yaml:7: zip .* a, .*"
        r"\n- \S*yaml:8: 'smaple' .*\n- \S*yaml:12: set: 1 is not a Hydra key[^\n]*$",
    ),
    "a step misspelt above one of axes": ("prodct: {a: [1]}\nexclude: {a: 1}", r"^\S*yaml:1: 'prodct' is not a step. Did you mean product\?$"),
    "steps without end": ("\n".join(["- repeat: 0"] * 40), r"(?s)^40 mistakes:\n.*yaml:10: [^\n]*\n- and 30 more\.$"),
    "a seed alone": ("product: {a: [1]}\nshuffle: 0", r"yaml:2: shuffle needs a seed, shuffle: {seed: 0"),
    "no number": ("product: {a: [1]}\nsample: {seed: 1}", r"yaml:2: sample needs the number of configs"),
    "sixtieths": ("product: {a: [1]}\nslice: 1:30", r"yaml:2: slice needs text .* in quotes .* This is 90"),
    "no step": ("product: {a: [1]}\nslice: '::0'", r"yaml:2: slice needs text whose step is not 0.* This is '::0'"),
    "late concat": ("repeat: 2\nconcat: [{}]", r"yaml:2: concat needs .* no step above it.* cross: {concat: \["),
    "concat of nothing": ("concat: []", r"yaml:1: concat needs a list of sweeps"),
    "within cross": ("cross:\n  product:\n    a: 1", r"sweep.yaml:3: product needs a list"),
    "no prefix": ("prefix: 3", r"sweep.yaml:1: prefix is given once, and is the name of .*This is 3"),
    "prefix twice": ("- prefix: a\n- prefix: b", r"sweep.yaml:2: prefix is given once"),
    "exclude first": ("exclude: {a: 1}\nproduct: {a: [1]}", r"yaml:1: exclude comes before any axis"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_the_path_and_the_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=message):
        loaded(text, tmp_path)


def test_every_value_that_its_field_cannot_hold_is_named_with_its_line(tmp_path: Path) -> None:
    text = """\
        product:
          lr: [0.1, x]
          opt: [sgd]
          seed: 1,x
        """
    with pytest.raises(
        SweepError, match=r"(?s)yaml:2: product: lr takes float.*yaml:4: .*seed"
    ) as one:
        loaded(text, tmp_path, train)
    assert "yaml:3" not in str(one.value)

    rows = "chain:\n" + "- {lr: 0.1}\n- lr: 0.1\n  seed: x\n" * 40
    with pytest.raises(
        SweepError, match=r"(?s)^40 mistakes:.*yaml:4: chain: seed.*yaml:7: .*\n- and 30 more\.$"
    ) as many:
        loaded(rows, tmp_path, train)
    assert str(many.value).count("sweep.yaml") == 10


# --- members of enums


class Opt(enum.Enum):
    ADAM = "a"
    SGD = "s"


def members(
    opt: Opt = Opt.ADAM, opts: tuple[Opt, ...] = (), many: dict[Opt, Opt] | None = None
): ...  # type: ignore[no-untyped-def]


class Node:
    opt: Opt = Opt.ADAM
    any: Any = None


def test_members_of_enums_are_saved_where_the_field_gives_them_back(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    many = {"opts": (Opt.SGD, Opt.ADAM), "many": {Opt.SGD: Opt.ADAM}}
    inner = Sweep(members).product(opt=list(Opt)).repeat(2).exclude(opt=Opt.SGD)
    node = Sweep(proto.prefix(Node)).product(opt=list(Opt))
    for sweep in (inner, Sweep(members).chain(many, {}).set(opt=Opt.SGD), node, inner + inner):
        sweep.save(path)
        assert Sweep.load(path, *sweep.targets) == sweep
    both = Sweep(members).product(opts=[(Opt.SGD,)]) * node
    both.save(path)
    assert list(Sweep.load(path, *both.targets)) == list(both)

    Sweep().product(opt=list(Opt)).save(path)
    assert path.read_text() == "product: {opt: [ADAM, SGD]}\n"
    assert Sweep.load(path, members) == Sweep(members).product(opt=list(Opt))


@pytest.mark.parametrize(
    "sweep", [Sweep().set(a=1)[:0], Sweep().set(a=1).exclude(a=1), Sweep().set(a=1)[:0] + Sweep()]
)
def test_a_step_before_every_axis_is_refused_in_yaml_but_configs_in_jsonl(
    sweep: Sweep, tmp_path: Path
) -> None:
    with pytest.raises(SweepError, match=r"^(slice|exclude) comes .* cannot represent.* \.jsonl"):
        sweep.save(tmp_path / "sweep.yaml")
    sweep.save(tmp_path / "sweep.jsonl")
    assert list(Sweep.load(tmp_path / "sweep.jsonl")) == list(sweep)


# --- steps in a config


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ({"prodct": {}}, "^hydra.sweeper.sweep: 'prodct' is not a step.*Did you mean product"),
        ({"product": {"lr": "x"}}, "^hydra.sweeper.sweep: product: lr takes float, got 'x'"),
        ({"product": None}, "^hydra.sweeper.sweep: product needs a mapping.*None"),
        ("product", "^hydra.sweeper.sweep: a sweep is a mapping of steps"),
        (
            {"product": {"lr": 1, 2: None, "opt": ["range(1", "3)"]}},
            r"(?s)^3 mistakes:.* opt: YAML splits.* lr, got 1\..* 2 is not",
        ),
        ({"product": {"a": "shuffle(1,2)"}}, r"product: a=shuffle\(1,2\) has a different order"),
    ],
)
def test_a_mistake_in_a_config_names_its_node(steps: Any, message: str) -> None:
    with pytest.raises(SweepError, match=message):
        sweep_from_steps(steps, Builder(Scope.of((train,))))
