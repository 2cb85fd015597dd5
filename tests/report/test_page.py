"""The page of a sweep: its content, and that no text from a job becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from params_proto import Sweep
from params_proto.cli.main import main
from tests.report.sweeps import CrashedError, PendingError, leave

EVIL = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '" onmouseover="alert(3)" \'',
    "<!--",
    "]]>&lt;b&gt;\u2028\u2029\0\x1b",
]
APP = """
from params_proto import proto

@proto.cli
def train(lr: float = 0.1, seed: int = 0):
    if seed == 7:
        raise ValueError("seven")
    return {"loss": lr * seed}

train()
"""


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.cells: list[list[str]] = []
        self.text = ""
        self._open = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag
        if tag == "tr":
            self.cells.append([])
        elif tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts.append(data)
            return
        self.text += data
        if self._open in ("td", "th", "button") and self.cells and self.cells[-1]:
            self.cells[-1][-1] += data

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.scripts[0])

    def column(self, name: str) -> list[str]:
        at = [cell.strip() for cell in self.cells[0]].index(name)
        return [row[at] for row in self.cells[1:]]


@pytest.fixture
def report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def made(*options: str, directory: Path = tmp_path / "out") -> Page:
        assert main(["report", str(directory), *options]) == 0
        path = Path(capsys.readouterr().out.rstrip("\n"))
        assert path == directory / "report.html"
        return Page(path)

    return made


def test_a_sweep_that_ran(report: Any, tmp_path: Path, python: Any) -> None:
    (tmp_path / "train.py").write_text(APP)
    subdir = "hydra.sweep.subdir='rate-${lr}/${seed}'"
    python("train.py", "-m", "lr=0.1,0.2", "seed=1,7", "hydra.sweep.dir=out", subdir, status=1)

    page = report()

    assert page.column("job") == ["0", "1", "2", "3"]
    assert page.column("lr") == ["0.1", "0.1", "0.2", "0.2"]
    assert page.column("loss") == ["0.1", "", "0.2", ""]
    assert page.column("status") == ["completed", "failed"] * 2
    assert page.column("dir") == ["rate-0.1/1", "rate-0.1/7", "rate-0.2/1", "rate-0.2/7"]
    assert page.column("error") == ["", "ValueError: seven"] * 2
    assert " train.py -m lr=0.1,0.2 seed=1,7 hydra.sweep.dir=out" in page.text
    assert "product: {lr: [0.1, 0.2], seed: [1, 7]}" in page.text
    assert page.text.count("Traceback (most recent call last)") == 1  # they came from one place
    assert page.text.count("job 1 lr=0.1 seed=7 seven") == 1


def test_the_command_that_runs_the_best_again(report: Any, tmp_path: Path) -> None:
    def task(config: dict[str, Any]) -> Any:
        return {"loss": config["lr"], "val/acc": 1 - config["lr"], "note": "fine"}

    leave(tmp_path / "out", Sweep().product({"lr": [0.2, 0.1, 0.3], "name": ["a b"]}), task)

    page = report()

    assert page.data["again"] == "Run it again"
    assert page.data["commands"] == {  # those of the best and the worst
        "1": "python train.py lr=0.1 'name='\"'\"'a b'\"'\"''",
        "2": "python train.py lr=0.3 'name='\"'\"'a b'\"'\"''",
    }


def test_the_direction_that_a_page_begins_with(report: Any, tmp_path: Path) -> None:
    def task(config: dict[str, Any]) -> Any:
        return {"loss": config["lr"], "val/acc": 1 - config["lr"]}

    def maximized(*options: str) -> dict[str, bool]:
        columns = report(*options).data["columns"]
        return {one["name"]: one["maximize"] for one in columns if one["role"] == "metric"}

    leave(tmp_path / "out", Sweep().product(lr=[1, 2]), task)

    assert maximized() == {"loss": False, "val/acc": True}
    assert maximized("--metric", "loss", "--direction", "maximize")["loss"] is True
    assert maximized("--metric", "val/acc", "--direction", "minimize")["val/acc"] is False


def test_what_users_write_is_text(report: Any, tmp_path: Path) -> None:
    def task(config: dict[str, Any]) -> Any:
        if config["n"]:
            raise ValueError(config["name"])
        return {config["name"]: 1.0, "said": config["name"]}

    sweep = Sweep().product(name=EVIL, n=[0, 1])
    plain = leave(tmp_path / "plain", Sweep().product(name=["a"], n=[0, 1]), task)
    expected = {tag for tag, _ in report(directory=plain).tags}
    out = leave(tmp_path / "<script>alert(0)</script>", sweep, task)

    page = report(directory=out)

    assert {tag for tag, _ in page.tags} == expected
    assert len(page.scripts) == sum(tag == "script" for tag, _ in page.tags) == 3
    assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]
    assert page.column("name")[::2][:4] == EVIL[:4]
    names = [column["name"] for column in page.data["columns"]]
    assert {*EVIL[:4]} <= {*names}
    texts = [column["options"] for column in page.data["columns"] if column["name"] == "name"]
    assert texts[0][:4] == EVIL[:4]


def test_only_its_own_scripts_may_run(report: Any, tmp_path: Path) -> None:
    leave(tmp_path / "out", Sweep().product(lr=[1, 2]), lambda config: config["lr"])

    page = report()

    (policy,) = [
        attributes["content"]
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    allowed = re.findall("'sha256-([^']+)'", policy or "")
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()) for one in page.scripts[1:]]
    assert [one.decode() for one in hashes] == allowed
    assert "default-src 'none'" in str(policy)
    assert not [a for _, a in page.tags if "src" in a or str(a.get("href", "#"))[0] != "#"]


def test_values_of_every_kind(report: Any, tmp_path: Path) -> None:
    def task(config: dict[str, Any]) -> Any:
        return {"loss": [float("nan"), float("inf"), 0.5, "diverged"][config["n"]], "done": True}

    layers = [[64, 32], None, {"a": 1}]
    sweep = Sweep().product({"n": range(4), "model.layers": layers, "db": ["a", "b"]})
    leave(tmp_path / "out", sweep, task, groups=("db",))

    page = report("--metric", "loss")

    assert page.column("model.layers")[::2][:3] == ["[64, 32]", "null", '{"a": 1}']
    assert page.column("loss")[::6] == ["nan", "inf", "0.5", "diverged"]
    columns = {column["name"]: column for column in page.data["columns"]}
    assert columns["loss"]["values"][::6] == [None, "Infinity", 0.5, None]
    assert columns["model.layers"]["options"] == ["[64, 32]", "null", '{"a": 1}']
    assert columns["done"]["options"] == ["true"]


def test_a_sweep_under_way(report: Any, tmp_path: Path) -> None:
    def task(config: dict[str, Any]) -> Any:
        if config["lr"] == 2:
            raise CrashedError
        if config["lr"] == 3:
            raise PendingError
        return config["lr"]

    leave(tmp_path / "out", Sweep().product(lr=[1, 2, 3]), task)

    page = report()

    assert page.column("status") == ["completed", "crashed", "pending"]
    assert page.data["metric"] == "value"
    assert "The process died" in page.text


def test_repeats(report: Any, tmp_path: Path) -> None:
    sweep = Sweep().product({"model.seed": [1, 2], "lr": [0.1, 0.2], "fold": [0, 1]})
    leave(tmp_path / "out", sweep, lambda config: config["lr"])

    assert report().data["configurations"] == [0, 1, 2, 3] * 2
    assert report("--over", "fold").data["configurations"] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [
        column["name"]
        for column in report("--over", "fold", "--over", "lr").data["columns"]
        if column["repeats"]
    ] == ["lr", "fold"]


def test_failures_of_many_jobs_are_shown_once(report: Any, tmp_path: Path) -> None:
    def task(config: dict[str, Any]) -> Any:
        raise ValueError(f"loss of {config['lr']}" + "!" * 50_000)

    leave(tmp_path / "out", Sweep().product(lr=range(100)), task)

    page = report()

    assert page.text.count("Traceback (most recent call last)") == 1
    assert "loss of 0!" in page.text
    assert "and 80 more" in page.text
    assert len(page.text) < 100_000


def test_of_a_large_sweep_only_jobs_that_have_run_are_shown_and_not_too_many(
    report: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def task(config: dict[str, Any]) -> Any:
        if config["lr"]:
            raise PendingError
        return 0.5

    leave(tmp_path / "out", Sweep().product(lr=range(4)), task)
    monkeypatch.setattr("params_proto.report.contents.MAX_JOBS", 3)

    page = report()

    assert page.column("lr") == ["0"]
    assert "3 pending, not in the table" in page.text
    ran = leave(tmp_path / "ran", Sweep().product(lr=range(4)), lambda config: config["lr"])
    assert main(["report", str(ran)]) == 1
    assert f"params-proto results {ran} --csv" in capsys.readouterr().err


def test_without_plotly(tmp_path: Path, python: Any) -> None:
    out = leave(tmp_path / "out", Sweep().product(lr=[1, 2]), lambda config: config["lr"])
    code = f"""
import sys
sys.modules["plotly"] = None
from params_proto.cli.main import main
sys.exit(main(["report", {str(out)!r}]))
"""

    said = python("-c", code, status=1).stderr

    assert "pip install 'hydra-params-proto[report]'" in said
    assert "Traceback" not in said
