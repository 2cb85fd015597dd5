"""The commands of `params-proto`."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from params_proto import results, summarize
from params_proto.cli.main import main
from tests.compose.loaders import write
from tests.multirun.progress.terminal import Terminal

APP = """
from pathlib import Path
from params_proto import Sweep, proto

@proto.cli
def train(lr: float = 0.1, seed: int = 0, name: str = "", out: Path = Path("out")):
    print("lr", lr, "seed", seed, "name", name)
    if seed == 7:
        raise ValueError("seven")
    return {"loss": lr * seed, "acc": 1 - lr} if seed < 9 else lr

grid = Sweep(train).product(lr=[0.1, 0.01], seed=range(10**6))
none = Sweep(train).product(lr=[1.0]).exclude(lr=1.0)
empty = Sweep(train).product(lr=[1.0])[:0]
most = grid.exclude(seed=0)

if __name__ == "__main__":
    train()
"""


OF = "hydra.sweeper"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lab = tmp_path_factory.mktemp("lab")
    (lab / "train.py").write_text(APP)
    ranked = [f"{OF}.metric=acc", f"{OF}.direction=maximize"]
    for name, lines, status in (
        ("runs/a", ["lr=0.1,0.2", "seed=1,7", "name='a b'"], 1),
        ("runs/one", ["lr=0.3,0.1", "seed=9"], 0),
        ("runs/failed", ["seed=7"], 1),
        ("runs/ranked", ["lr=0.2,0.1", "seed=1", *ranked], 0),
    ):
        command = [sys.executable, "train.py", "-m", *lines, f"hydra.sweep.dir={name}"]
        done = subprocess.run(command, cwd=lab, capture_output=True, text=True)
        assert done.returncode == status, done.stderr
    return lab


@pytest.fixture(autouse=True)
def there(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lab)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def ran(*arguments: str, status: int = 0, aside: str | None = None) -> str:
        """What it prints, or why it fails.

        Args:
            aside: what it says on standard error where it does not fail.
        """
        assert main(arguments) == status
        said = capsys.readouterr()
        if aside is not None:
            assert said.err.rstrip("\n") == aside
        return (said.err if status else said.out).rstrip("\n")

    return ran


def test_results(run: Any) -> None:
    said = re.sub(r"(completed|failed) +[0-9.]+", r"\1 S", run("results", "runs/a"))
    assert said.splitlines() == [
        "runs/a: 2 completed, 2 failed",
        "job  lr   seed  loss  acc  status     seconds  error",
        "  0  0.1  1     0.1   0.9  completed S",
        "  1  0.1  7                failed S  ValueError: seven",
        "  2  0.2  1     0.2   0.8  completed S",
        "  3  0.2  7                failed S  ValueError: seven",
    ]


@pytest.mark.parametrize(
    ("environment", "color"), [({}, "red"), ({"NO_COLOR": "1"}, "default")], ids=["", "NO_COLOR"]
)
def test_jobs_that_failed_stand_out_in_a_terminal(
    lab: Path, environment: dict[str, str], color: str
) -> None:
    command = [sys.executable, "-m", "params_proto", "results", "runs/a"]
    terminal = Terminal(command, lab, environment=environment)
    assert terminal.to_the_end() == 0
    colors = {
        line.split()[0]: terminal.screen.buffer[at][2].fg
        for at, line in enumerate(terminal.screen.display)
        if line.startswith("  ") and line.strip()
    }
    assert colors == {"0": "default", "1": color, "2": "default", "3": color}


@pytest.mark.parametrize(
    ("options", "jobs", "aside"),
    [
        ("runs/a", [0, 1, 2, 3], ""),
        ("runs/a --sort loss", [0, 2, 1, 3], "lowest loss first; --direction maximize for the highest"),
        ("runs/a --sort loss --direction maximize", [2, 0, 1, 3], "highest loss first"),
        ("runs/a --sort acc", [0, 2, 1, 3], "highest acc first; --direction minimize for the lowest"),
        ("runs/ranked", [0, 1], ""),
        ("runs/ranked --sort acc", [1, 0], "highest acc first"),
        ("runs/ranked --sort acc --direction minimize", [0, 1], "lowest acc first"),
    ],
)  # fmt: skip
def test_the_order(run: Any, options: str, jobs: list[int], aside: str) -> None:
    text, as_csv, as_json = [
        run("results", *options.split(), *form, aside=aside).splitlines()
        for form in ([], ["--csv"], ["--json"])
    ]
    assert [int(line.split()[0]) for line in text[2:]] == jobs
    assert [int(line.split(",")[0]) for line in as_csv[1:]] == jobs
    assert [json.loads(line)["job"] for line in as_json] == jobs


@pytest.mark.parametrize(
    ("arguments", "aside", "expected"),
    [
        (["runs/a", "--metric", "acc", "--direction", "minimize"], "lowest acc = 0.8, job 2", "lr 0.2 seed 1 name a b"),
        (["runs/one"], "lowest value = 0.1, job 1; --direction maximize for the highest", "lr 0.1 seed 9 name "),
        (["runs/ranked"], "highest acc = 0.9, job 1", "lr 0.1 seed 1 name "),
    ],
)  # fmt: skip
def test_the_best_runs_again(
    run: Any, lab: Path, arguments: list[str], aside: str, expected: str
) -> None:
    command = run("best", *arguments, aside=aside)
    done = subprocess.run(["sh", "-c", command], cwd=lab, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"{expected}\n"), done.stderr


def test_the_best_runs_again_from_elsewhere(
    run: Any, lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = run("best", str(lab / "runs/one"))
    assert command.startswith(f"cd {lab} && ")
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "lr 0.1 seed 9 name \n"), done.stderr


def test_the_best_of_a_sweep_without_its_config(run: Any, lab: Path) -> None:
    shutil.copytree(lab / "runs" / "one", lab / "runs" / "bare")
    (lab / "runs/bare/multirun.yaml").unlink()
    assert run("best", "runs/bare").endswith("train.py lr=0.1 seed=9")


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes an app in a new working directory, and runs a sweep."""
    monkeypatch.chdir(tmp_path)

    def sweep(app: str, *arguments: str, **configs: str) -> None:
        (write(tmp_path, configs) / "train.py").write_text(app)
        command = [sys.executable, "train.py", *arguments, "hydra.sweep.dir=out"]
        subprocess.run(command, check=True, capture_output=True)

    return sweep


def jobs_of(command: str) -> list[str]:
    """What the jobs of a command print."""
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.startswith("lr")]


SEEDS = """
from params_proto import proto

@proto.cli
def train(lr: float = 0.1, seed: int = 0, name: str = ""):
    print("lr", lr, "seed", seed, *[name] if name else [])
    if lr == 3 and seed == 2:
        return float("nan")
    return {1: [0.1, 0.9], 2: [0.4, 0.4], 3: [0.0, 0.0]}[int(lr)][seed - 1]

train()
"""
MEANS = "lowest mean value = 0.4, jobs 2, 3; --direction maximize for the highest"


def test_the_best_mean_over_seeds(run: Any, swept: Any) -> None:
    """Another configuration has the lowest number, and in one a seed has diverged."""
    swept(SEEDS, "-m", "lr=1,2,3", "seed=1,2")
    run("best", "out", aside="lowest value = 0, job 4; --direction maximize for the highest")
    command = run("best", "out", "--over", "seed", aside=MEANS)
    assert command.endswith("train.py -m lr=2 seed=1,2")
    assert jobs_of(command) == ["lr 2.0 seed 1", "lr 2.0 seed 2"]
    highest = run("best", "out", "--over", "seed", "--direction", "maximize")
    assert highest.endswith("train.py -m lr=1 seed=1,2")
    assert run("best", "out", "--over", "sede", status=1) == (
        "params-proto: over=sede: no such key is swept. Did you mean seed?"
    )


def test_the_best_mean_of_jobs_with_names_that_contain_the_seed(run: Any, swept: Any) -> None:
    named = "product: {lr: [1, 2, 3], seed: [1, 2]}\nderive: {name: 'lr{lr:.0f}-{seed}'}\n"
    swept(SEEDS, "-m", "hydra.sweeper.sweep=named.yaml", named=named)
    command = run("best", "out", "--over", "seed", aside=MEANS)
    assert jobs_of(command) == ["lr 2.0 seed 1 lr2-1", "lr 2.0 seed 2 lr2-2"]
    frame = results("out")
    assert frame.attrs["derived"] == ["name"]
    assert summarize(frame, "value")["count"].tolist() == [2, 2, 2]
    assert "name" not in summarize(frame, "value")


def test_the_best_mean_of_equal_jobs(run: Any, swept: Any) -> None:
    twice = "product: {lr: [1, 2]}\nset: {seed: 2}\nrepeat: 2\n"
    swept(SEEDS, "-m", "hydra.sweeper.sweep=twice.yaml", twice=twice)
    command = run("best", "out", "--over", "seed", aside=MEANS)
    assert command.endswith("train.py lr=2.0 seed=2")


PLAIN = """
import hydra

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config):
    print("lr", config.lr)
    return config.lr

main()
"""
SWEPT = """
defaults: [_self_, {override hydra/sweeper: params_proto}]
hydra: {mode: MULTIRUN, sweeper: {metric: value, sweep: {chain: [{lr: 2}, {lr: 1}]}}}
lr: 0
"""


def test_the_best_of_an_app_whose_config_is_about_the_sweep(
    run: Any, swept: Any, tmp_path: Path
) -> None:
    swept(PLAIN, **{"conf/config": SWEPT})
    again = subprocess.run(["sh", "-c", run("best", "out")], capture_output=True, text=True)
    assert (again.returncode, again.stdout) == (0, "lr 1\n"), again.stderr
    assert not (tmp_path / "multirun").exists()


def test_several_directories_in_one_order(run: Any) -> None:
    def jobs(*arguments: str) -> list[list[int]]:
        tables = run("results", *arguments).split("\n\n")
        return [[int(line.split()[0]) for line in one.splitlines()[2:]] for one in tables]

    assert jobs("runs/a", "runs/ranked", "--sort", "loss") == [[0, 2, 1, 3], [1, 0]]
    assert jobs("runs/a", "runs/ranked", "--sort", "acc") == [[0, 2, 1, 3], [1, 0]]
    assert jobs("runs/ranked", "runs/a", "--sort", "acc") == [[1, 0], [0, 2, 1, 3]]
    assert jobs("runs/one", "runs/a", "--sort", "acc", "--direction", "minimize") == [
        *([0, 1], [2, 0, 1, 3])
    ]
    as_csv = run("results", "runs/a", "runs/ranked", "--sort", "acc", "--csv").splitlines()
    assert [line.split(",")[:2] for line in as_csv[1:]] == [
        *(["runs/a", "0"], ["runs/ranked", "1"], ["runs/a", "2"], ["runs/ranked", "0"]),
        *(["runs/a", "1"], ["runs/a", "3"]),
    ]


def test_a_metric_of_the_sweeps_own_that_no_job_returned(run: Any, lab: Path) -> None:
    shutil.copytree(lab / "runs" / "ranked", lab / "runs" / "mistyped")
    plan = lab / "runs/mistyped/.sweep/plan.json"
    plan.write_text(plan.read_text().replace('"acc"', '"ac"'))
    for command in ("best", "report"):
        assert run(command, "runs/mistyped", status=1) == (
            "params-proto: metric=ac: the jobs returned no ac. Did you mean acc?"
        )


def test_csv_is_that_of_the_file_with_directories_from_here(run: Any, lab: Path) -> None:
    rows = list(csv.DictReader((lab / "runs/a/results.csv").read_text().splitlines()))
    printed = list(csv.DictReader(run("results", "runs/a", "--csv").splitlines()))
    assert printed == [{**row, "dir": f"runs/a/{row['dir']}"} for row in rows]


def test_json_keeps_every_digit_and_what_diverged(run: Any, lab: Path) -> None:
    shutil.copytree(lab / "runs" / "one", lab / "runs" / "odd")
    for job, value in enumerate([3.456789e-12, "NaN"]):
        record = lab / f"runs/odd/.sweep/jobs/0/0/{job}.json"
        record.write_text(json.dumps({**json.loads(record.read_text()), "value": value}))
    lines = [json.loads(line) for line in run("results", "runs/odd", "--json").splitlines()]
    assert [line["value"] for line in lines] == [3.456789e-12, "NaN"]
    assert [line["error"] for line in lines] == [None, None]
    assert lines[0]["status"] == "completed"
    assert datetime.fromisoformat(lines[0]["started"]).tzinfo


def test_failures(run: Any) -> None:
    said = run("failures", "runs/a")
    assert said.startswith("job 1: lr=0.1 seed=7 name='a b'\nruns/a/1\nTraceback (most recent call")
    assert said.count("\n\njob 3: ") == 1
    assert said.endswith("\nValueError: seven")
    assert run("failures", "runs/one") == "No job has failed."


def test_failures_of_a_sweep_that_was_killed(run: Any, lab: Path) -> None:
    record = lab / "runs" / "killed" / ".sweep/jobs/0/0/1.json"
    shutil.copytree(lab / "runs" / "one", lab / "runs" / "killed")
    content = json.loads(record.read_text())
    record.write_text(json.dumps({**content, "status": "running", "ended": None, "pid": 2**22 + 1}))
    assert run("failures", "runs/killed") == "job 1: lr=0.1 seed=9\nruns/killed/1\nits process died"


def test_a_sweep_of_the_basic_sweeper(run: Any, lab: Path) -> None:
    (lab / "basic").mkdir()
    (lab / "basic" / "multirun.yaml").write_text("hydra: {output_subdir: .hydra}")
    for command in ("failures", "report"):
        said = run(command, "basic", status=1)
        assert said == "params-proto: basic was run by another sweeper, which kept no results."


def test_show_options_of_a_group(run: Any, tmp_path: Path) -> None:
    folder = str(write(tmp_path / "conf", {"model/large": "", "model/small": ""}))
    file = str(write(tmp_path, {"sweep": "product: {model: glob(*)}\n"}) / "sweep.yaml")
    assert run("show", file, "--config-dir", folder).splitlines()[1:] == [
        *("2 configs of 1 key: model", "job  model", "  0  large", "  1  small")
    ]
    assert "--config-dir conf" in run("show", file, status=1)


def test_show(run: Any) -> None:
    assert run("show", "train.py:grid", "--head", "2").splitlines() == [
        "Sweep(train).product(lr=[0.1, 0.01], seed=range(0, 1000000))",
        "2,000,000 configs of 2 keys: lr, seed",
        "job  lr   seed",
        "  0  0.1  0",
        "  1  0.1  1",
        "and 1,999,998 more",
    ]
    assert run("show", "train.py:most", "--head", "1").splitlines()[1:] == [
        *("at least 100,000 configs of 2 keys: lr, seed", "job  lr   seed", "  0  0.1  1"),
        "and at least 99,999 more",
    ]
    assert run("show", "runs/one/sweep.yaml").splitlines()[1:] == [
        *("2 configs of 2 keys: lr, seed", "job  lr   seed", "  0  0.3  9", "  1  0.1  9")
    ]
    assert run("show", "runs/one") == run("show", "runs/one/sweep.yaml")
    for none in ("train.py:none", "train.py:empty"):
        assert run("show", none).splitlines()[1:] == ["0 configs of 1 key: lr", "job  lr"]


@pytest.mark.parametrize(
    ("steps", "size"),
    [
        ("product: {lr: [1, 2], seed: [1, 2, 3, 4, 5]}\nexclude: {lr: 1, seed: [1, 2]}\n", 8),
        ("product: {lr: [1, 2], seed: 'range(0,50000)'}\nexclude: {lr: 1}\n", 50000),
        ("concat: [{product: {lr: [1, 2, 3]}, exclude: {lr: 1}}, {product: {lr: [4]}}]\n", 3),
        ("product: {lr: [1, 2, 3]}\ncross: {product: {seed: [1, 2]}, exclude: {seed: 1}}\n", 3),
    ],
    ids=["ten", "the most", "concat", "cross"],
)
def test_show_counts_what_exclude_leaves(run: Any, tmp_path: Path, steps: str, size: int) -> None:
    (tmp_path / "grid.yaml").write_text(steps)
    lines = run("show", str(tmp_path / "grid.yaml"), "--head", "1").splitlines()
    assert lines[1].startswith(f"{size:,} configs of ")
    assert lines[-1] == f"and {size - 1:,} more"


def test_wide_characters_take_two_columns(run: Any, tmp_path: Path) -> None:
    (tmp_path / "grid.yaml").write_text("product: {name: [学習率, lr], seed: [1]}\n", "utf-8")
    lines = run("show", str(tmp_path / "grid.yaml")).splitlines()[2:]
    assert lines == ["job  name    seed", "  0  学習率  1", "  1  lr      1"]


GIVE = (
    "Give the directory of a sweep, which has a sweep.yaml and a .sweep, or of one of Hydra's basic"
    " sweeper, which has a multirun.yaml."
)
MISTAKES = {
    "results nowhere": f"nowhere does not contain a sweep. {GIVE}",
    "results runs/a --sort los": "metric=los: the jobs returned no los. Did you mean loss?",
    "results runs/a --direction minimize": "--direction minimize applies to a metric: give --sort as well.",
    "best runs/a": "Best by what? The jobs return loss, acc: give --metric.",
    "best runs/a --metric accuracy": "metric=accuracy: the jobs returned no accuracy. Valid names: loss, acc.",
    "results runs/a/0": f"runs/a/0 does not contain a sweep. Did you mean runs/a? {GIVE}",
    "best runs/failed": "No job of runs/failed returned a value: there is nothing to rank.",
    "report runs/a --metric los": "metric=los: the jobs returned no los. Did you mean loss?",
    "report runs/a --over sed": "over=sed: no such key is swept. Did you mean seed?",
    "report runs/a --output none/page.html": "none/page.html cannot be written: No such file or directory.",
    "show train.py:gird": "train.py:gird: LAB/train.py has no gird. Did you mean grid? A Sweep must be defined before the app runs.",
    "show train.py": "train.py is not a sweep. Write steps (product: {lr: [0.1, 0.01]}), a file that Sweep.save wrote (sweep.yaml), package.module:attribute or path/to/file.py:attribute. An option of a config group is chosen by its group, +sweep=ablation.",
}  # fmt: skip


@pytest.mark.parametrize(("command", "message"), MISTAKES.items())
def test_mistakes(run: Any, lab: Path, command: str, message: str) -> None:
    said = run(*command.split(), status=1).replace(str(lab), "LAB")
    assert said == f"params-proto: {message}"
    assert not [*lab.rglob("report.html")]


def test_a_directory_of_sweeps(run: Any, lab: Path) -> None:
    for number, name in enumerate(["10-00-00", "09-00-00"]):
        shutil.copytree(lab / "runs" / "one", lab / "multirun/2026-11-24" / name)
        plan = lab / "multirun/2026-11-24" / name / ".sweep/plan.json"
        os.utime(plan, (number, number))
    said = run("results", "multirun", status=1)
    assert "Did you mean multirun/2026-11-24/09-00-00? Give the directory" in said


def test_as_a_module(python: Any, lab: Path) -> None:
    done = python("-m", "params_proto", "--help", cwd=lab)
    assert "examples:\n  params-proto show sweep.yaml\n" in done.stdout
    assert python("-m", "params_proto", "results", "nowhere", cwd=lab, status=1).stdout == ""


def test_the_script_finds_the_modules_that_python_m_does(
    python: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "study_here.py").write_text(APP)
    script, show = Path(sys.executable).with_name("params-proto"), ("show", "study_here:grid")
    assert python(script, *show).stdout == python("-m", "params_proto", *show).stdout


def test_a_reader_that_has_seen_enough(lab: Path) -> None:
    piped = f"{sys.executable} -m params_proto results runs/a | head -1"
    done = subprocess.run(["sh", "-c", piped], cwd=lab, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("runs/a: 2 completed, 2 failed\n", "")
