"""Launches from the cells of a notebook, in a kernel."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

DEFINED = """
from params_proto import Sweep, proto

scale = 10

def scaled(lr):
    return lr * scale

@proto.prefix
class Model:
    hidden: int = 3

def plain(lr: float = 0.1):
    print("job", lr)
    return {"loss": scaled(lr), "hidden": Model.hidden}

@proto.cli
def decorated(lr: float = 0.1):
    return plain(lr)
"""


def run(folder: Path, *cells: str) -> list[str]:
    """What the last expression of each cell shows."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    for cell in notebook.cells:
        if "KeyboardInterrupt" in cell.source:
            cell.metadata["tags"] = ["raises-exception"]
    path = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=120, resources=path, kernel_name="python3").execute()
    shown = [
        output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]
    return [*shown, *_printed(notebook)]


def _printed(notebook: nbformat.NotebookNode) -> list[str]:
    # A kernel sends what a cell prints in parts, which may end in the middle of a line.
    texts = [
        "".join(
            output.text
            for output in cell.outputs
            if output.output_type == "stream" and output.name == "stdout"
        )
        for cell in notebook.cells
    ]
    # A line that standard error comes into the middle of is in two outputs.
    return [line for line in "".join(texts).splitlines() if line.startswith("job")]


@pytest.mark.parametrize(
    ("target", "launcher"), [("plain", ""), ("decorated", ", launcher='joblib', n_jobs=2")]
)
def test_functions_of_a_cell(tmp_path: Path, target: str, launcher: str) -> None:
    sweep = f"Sweep({target}, Model).product({{'lr': [1, 2], 'model.hidden': [4, 5]}})"
    shown = run(
        tmp_path,
        DEFINED,
        f"df = {sweep}.launch(sweep_dir='first'{launcher})",
        "df['loss'].tolist(), df['hidden'].tolist()",
        "scale = 100",
        f"{sweep}.launch(sweep_dir='second'{launcher})['loss'].tolist()",
    )

    assert shown[0] == "([10.0, 10.0, 20.0, 20.0], [4, 5, 4, 5])"
    assert shown[1] == "[100.0, 100.0, 200.0, 200.0]"
    if not launcher:
        assert shown[2:] == ["job 1.0", "job 1.0", "job 2.0", "job 2.0"] * 2
    assert (tmp_path / f"first/0/{target}.log").exists()


def test_an_interrupted_cell_resumes(tmp_path: Path) -> None:
    stops = """
import os, signal, time
from pathlib import Path

def train(lr: float = 0.1):
    if lr == 2 and not Path("again").exists():
        Path("again").touch()
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)  # up to a KeyboardInterrupt
    return lr

sweep = Sweep(train).product(lr=[1, 2, 3])
sweep.launch(sweep_dir="out")
"""
    status = "from params_proto import results\nlist(results('out')['status'])"
    again = "sweep.launch(sweep_dir='out', resume=True)['attempt'].tolist()"
    shown = run(tmp_path, DEFINED, stops, status, again)

    assert shown == ["['completed', 'interrupted', 'pending']", "[1, 2, 1]"]
