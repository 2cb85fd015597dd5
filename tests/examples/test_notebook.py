"""examples/notebook.ipynb: it runs, and its stored outputs are current."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from nbformat import NotebookNode

from params_proto import results
from tests.examples.notebook import NOTEBOOK, code, executed, stored


def shown(cell: NotebookNode) -> list[dict[str, str]]:
    """The output of a cell; for markup and pictures, only that there are some."""
    return [
        {"text": output.text}
        if output.output_type == "stream"
        else {kind: text if kind == "text/plain" else "" for kind, text in output.data.items()}
        for output in cell.outputs
        if "font cache" not in output.get("text", "")  # which Matplotlib makes once
    ]


@pytest.mark.shown
def test_it_runs_and_shows_what_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # its matrices are small
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")  # Hydra 1.4 has no use for a version base
    before = stored()

    after = executed(tmp_path)

    for old, new in zip(code(before), code(after), strict=True):
        assert shown(new) == shown(old), new.source
    assert (results(tmp_path / "runs" / "notebook")["status"] == "completed").all()


def test_a_reader_who_does_not_run_it_sees_a_table_and_a_picture() -> None:
    cells = list(code(stored()))

    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {kind for cell in cells for output in shown(cell) for kind in output}
    assert {"text/html", "image/png"} <= kinds
    assert NOTEBOOK.stat().st_size < 60_000


def test_its_links_lead_somewhere() -> None:
    texts = [cell.source for cell in stored().cells if cell.cell_type == "markdown"]
    targets = re.findall(r"\]\(([^)]+)\)", "\n".join(texts))

    assert targets
    assert [target for target in targets if not (NOTEBOOK.parent / target).exists()] == []
