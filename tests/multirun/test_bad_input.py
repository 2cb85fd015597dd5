"""Bad input gives one message, no job and no directory."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from tests.compose.loaders import write
from tests.conftest import Python
from tests.versions import AFTER_AN_ERROR, VERSION_BASE

FILES = {
    "syntax.yaml": "product: {lr: [1, 2]}\nzip: {seed: [1, 2\n",
    "several.yaml": "product: {lr: 1}\nprodct: {seed: [1]}\nrepeat: 0\n",
    "rows.jsonl": '{"lr": 1}\n{"lr": \n',
    "value.py": "\n\nraise ValueError('no data')\n",
    "exits.py": "raise SystemExit(3)\n",
    "sweeps.py": "from params_proto import Sweep\n"
    "grid = Sweep().product(lr=[1, 2])\n"
    "raises = Sweep().product(seed=[1, 2]).derive(name=lambda config: 1 / (config['seed'] - 1))\n"
    "bytes = Sweep().product(seed=range(9)).derive(name=lambda c: c['seed'] < 8 or b'b')\n",
    "conf/sweep/nopkg.yaml": "product: {lr: [1]}\n",
}

SWEEP = "hydra.sweeper.sweep="

CASES: dict[str, tuple[list[str], str]] = {
    "axis: scalar": ([SWEEP + "{product:{lr:1}}"], "hydra.sweeper.sweep: product needs a list of values for lr, got 1. Write lr=[1], or set(lr=1)."),
    "axis: mapping": ([SWEEP + "{product:{opts:{a:[1,2]}}}"], "hydra.sweeper.sweep: product needs a list of values for opts, got a mapping. Write its keys with dots, {'opts.name': [...]}, or put whole mappings into a list."),
    "zip: unequal": ([SWEEP + "{zip:{lr:[1,2],seed:[1]}}"], "hydra.sweeper.sweep: zip needs axes of one length: lr has 2 values, seed has 1. Use product() to combine every pair."),
    "exclude: everything": ([SWEEP + "{product:{lr:[1]},exclude:{lr:1}}"], "the sweep has no jobs: its exclude or where steps drop every config, or its file has no rows."),
    "sweep: option": ([SWEEP + "grid"], "hydra.sweeper.sweep=grid is not a sweep. Write steps (product: {lr: [0.1, 0.01]}), a file that Sweep.save wrote (sweep.yaml), package.module:attribute or path/to/file.py:attribute. An option of a config group is chosen by its group, +sweep=ablation."),
    "key: hydra's": ([SWEEP + "{product:{hydra.job.name:[a]}}"], "hydra.sweeper.sweep: hydra.job.name is a key of Hydra itself, which is the same for all jobs. Give it one value outside the sweep, in the overrides or in the app's config."),
    "value: missing": ([SWEEP + "{set:{name:'???'}}"], "name: the string '???' cannot be given to Hydra, which reads it as a missing value."),
    "group: swept sweep": (["+sweep=grid,pairs"], "the job +sweep=grid would have a different hydra.sweeper.sweep from the multirun: a key that selects a sweep (+sweep=a,b) cannot be swept. Put the sweeps one after the other in one file, concat: [{product: {...}}, {product: {...}}]."),
    "group: no package": (["+sweep=nopkg"], "sweep selects steps of a sweep (product), which are now in the job's config: begin the file in the group sweep with the line # @package hydra.sweeper.sweep"),
    "pairs: not swept": (["lr=1,2", "hydra.sweeper.zip=[lr,seed]"], "hydra.sweeper.zip pairs seed, which is not swept on the command line or in hydra.sweeper.params. Sweep it there, seed=1,2, or write a zip step in the configured sweep."),
    "delete: swept": (["lr=1,2", "~lr"], "~lr would delete a key that the sweep gives values, lr. Give it one value instead, lr=..., or take it out of the sweep."),
    "line: long": (["lr=range(0,1e9,0.1)"], "lr=range(0,1e9,0.1) lists 10000000000 values, and at most 100,000 are listed one by one. A range of integers, not shuffled, may be of any length."),
    "line: sweep in a sweep": (["lr=choice(1,2),3"], "lr=choice(1,2),3: ChoiceSweep inside another value: a sweep's function cannot be nested."),
    "line: several": (["lr=interval(0,1)", "seed=range(5,0)"], "2 mistakes:\n- lr=interval(0,1): an interval has no values to enumerate. Write them, or a range with a step.\n- seed=range(5,0) has no values. Write at least one: a range ends before its second number."),
    "batch: 0": (["lr=1,2", "hydra.sweeper.max_batch_size=0"], "hydra.sweeper.max_batch_size=0 is not a number of jobs: 1 or more."),
    "params: comma": (["+hydra.sweeper.params.seed='1,,2'"], "Hydra cannot read 'seed=1,,2': extraneous input ','. Write key=value, and text with any of ,:=()[]{} in quotes, key='a, b'."),
    "file: syntax.yaml": ([SWEEP + "syntax.yaml"], "APP/syntax.yaml:3: this is not YAML: while parsing a flow sequence, did not find expected ',' or ']'."),
    "file: several.yaml": ([SWEEP + "several.yaml"], "3 mistakes:\n- APP/several.yaml:1: product needs a list of values for lr, got 1. Write lr=[1], or set(lr=1).\n- APP/several.yaml:2: 'prodct' is not a step. Did you mean product?\n- APP/several.yaml:3: repeat needs how often to repeat, a positive integer, got 0."),
    "file: rows.jsonl": ([SWEEP + "rows.jsonl"], 'APP/rows.jsonl:2: this is not JSON: Expecting value at column 8. A line holds one config, as a JSON object: {"lr": 0.1}.'),
    "python: value.py:grid": ([SWEEP + "value.py:grid"], "hydra.sweeper.sweep=value.py:grid: running APP/value.py:3 raises ValueError: no data"),
    "python: exits.py:grid": ([SWEEP + "exits.py:grid"], "hydra.sweeper.sweep=exits.py:grid: running APP/exits.py:1 raises SystemExit: 3"),
    "python: sweeps.py:raises": ([SWEEP + "sweeps.py:raises"], "derive: name: its function raises ZeroDivisionError: division by zero, for the config {'seed': 1}."),
    "python: sweeps.py:bytes": ([SWEEP + "sweeps.py:bytes"], "name: b'b' (bytes) cannot be written in an override: sweep over a name or numbers, and build the object in the job."),
    "shard: number": (["lr=1,2", "hydra.sweeper.slice=1"], "hydra.sweeper.slice=1 is not a slice: write 0:3 for the first three jobs, 2::8 for one of eight machines. In a YAML file put it in quotes, as YAML reads 1:30 as 90."),
    "options: several": (["hydra.sweeper.retries=-1", "hydra.sweeper.timeout=0"], "2 mistakes:\n- hydra.sweeper.retries=-1 is not a number of times: 0 or more.\n- hydra.sweeper.timeout=0.0 is not a positive number of seconds. Leave it out for no limit."),
    "shard: drawn": (["lr=shuffle(1,2)", "hydra.sweeper.slice='0:1'"], "hydra.sweeper.slice needs the same order of jobs on each machine, and shuffle(...) of lr has no seed. Remove it, or shuffle in a step of the configured sweep, shuffle: {seed: 0}."),
    "directory: shared": (["lr=1,2", "hydra.sweep.subdir=same"], "job 0 (lr=1) and job 1 (lr=2) would share the directory APP/app/same. Make hydra.sweep.subdir different for each job: use ${hydra.job.num} or every swept key."),
    "group: a number": ([SWEEP + "{product:{db:[1]}}"], "Hydra cannot compose the job db=1: ValueError: Config group override must be a string or a list. Got int"),
    "directory: unknown key": (["lr=1,2", "hydra.sweep.subdir=${nokey}"], "job 0 (lr=1) has no directory: hydra.sweep.subdir: Interpolation key 'nokey' not found. It may name a key of the job's config. The same goes for 1 more job."),
    "directory: long": (["name=c," + "x" * 300, "hydra.sweep.subdir=${name}"], "job 1 (name=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx) would have a directory with a name of 300 bytes, and file systems allow 255. Shorten hydra.sweep.subdir: ${hydra.job.num}, or leave keys out of hydra.job.override_dirname by hydra.job.config.override_dirname.exclude_keys."),
}  # fmt: skip


@pytest.fixture
def files(app: Path) -> Iterator[Path]:
    """The folder of the app, with wrong sweeps in it."""
    for name, text in FILES.items():
        (app / name).write_text(text)
    before = set(sys.modules)
    yield app
    for name in set(sys.modules) - before:
        if name.startswith("params_proto_sweep_"):
            del sys.modules[name]


def tree(folder: Path) -> set[str]:
    found = folder.rglob("*")
    return {str(path.relative_to(folder)) for path in found if "__pycache__" not in path.parts}


DIRECTORY = "${hydra.job.name}"  # the tests' harness makes what this is as text


def refused(multirun: Any, folder: Path, overrides: list[str]) -> str:
    """The error's message; checks that nothing is left behind."""
    before, ran = tree(folder), list[object]()
    with pytest.raises(CompactHydraException) as caught:
        multirun(*overrides, task=ran.append, to=DIRECTORY)
    assert ran == []
    assert tree(folder) - {DIRECTORY} == before
    return str(caught.value).replace(str(folder), "APP")


@pytest.mark.parametrize(("overrides", "message"), CASES.values(), ids=CASES)
def test_one_message_and_nothing_behind(
    multirun: Any, files: Path, overrides: list[str], message: str
) -> None:
    assert refused(multirun, files, overrides) == message


@pytest.mark.parametrize(
    ("overrides", "hint"),
    [
        (["sede=1,2"], "sede: did you mean seed?"),
        # in what the chosen option of a group has
        (["+extra=one,two", "extra.deap=1,2"], "extra.deap: did you mean extra.deep?"),
        ([SWEEP + "{product: {db.prt: [1, 2]}}"], "db.prt: did you mean db.port?"),
    ],
    ids=str,
)
def test_a_key_near_to_one_that_there_is(
    multirun: Any,
    files: Path,
    capsys: pytest.CaptureFixture[str],
    overrides: list[str],
    hint: str,
) -> None:
    write(files / "conf/extra", {"one": "deep: 1\n", "two": "deep: 1\nwide: 2\n"})
    assert "Could not override" in refused(multirun, files, overrides)
    assert f"{hint}\n" in capsys.readouterr().out


# The same as a user sees it, in a process of its own.

APP = f"""
import hydra

@hydra.main(config_path="conf", config_name="config", **{VERSION_BASE})
def main(config):
    print("a job")

main()
"""


@pytest.fixture
def command(files: Path, python: Python, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a refused command writes to stderr; checks that nothing is left behind."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # Hydra sees a debugger in it
    (files / "app.py").write_text(APP)

    def run(*arguments: str) -> str:
        before = tree(files)
        done = python(*arguments, status=1)
        assert done.stdout == ""
        assert tree(files) == before
        return done.stderr.replace(str(files), "APP")

    return run


TYPED = f"""
from dataclasses import dataclass
import hydra
from hydra.core.config_store import ConfigStore

@dataclass
class Config:
    seed: int = 0
    lr: float = 0.1

ConfigStore.instance().store("typed", Config)

@hydra.main(config_path=None, config_name="typed", **{VERSION_BASE})
def main(config):
    print("a job")

main()
"""


def test_a_command(command: Any, files: Path) -> None:
    overrides, message = CASES["line: several"]
    fixed = ["hydra/sweeper=params_proto", f"hydra.sweep.dir={files}/app"]
    assert command("app.py", "-m", *fixed, *overrides) == message + AFTER_AN_ERROR


def test_values_that_a_structured_config_cannot_hold(command: Any, files: Path) -> None:
    """For a hydra.main app, the message is OmegaConf's."""
    (files / "typed.py").write_text(TYPED)
    ours = ["typed.py", "-m", "hydra/sweeper=params_proto"]
    assert command(*ours, "seed=x,1.5", "lr=1,2") == (
        "2 mistakes:\n"
        "- the job seed=x lr=1: Error merging override seed=x: Value 'x' of type 'str'"
        " could not be converted to Integer. The same goes for 1 more job.\n"
        "- the job seed=1.5 lr=1: Error merging override seed=1.5: Value '1.5' of type 'float'"
        f" could not be converted to Integer. The same goes for 1 more job.{AFTER_AN_ERROR}"
    )
