"""examples/notebook.ipynb, executed.

python -m tests.examples.notebook  # and stored with what it shows
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.pages import ROOT

NOTEBOOK = ROOT / "examples" / "notebook.ipynb"


def stored() -> NotebookNode:
    """The notebook as it is in the repository."""
    return nbformat.read(NOTEBOOK, as_version=4)


def executed(folder: Path) -> NotebookNode:
    """The notebook with its outputs when run in a folder; an error in a cell is raised."""
    notebook = stored()
    for cell in code(notebook):
        cell.outputs, cell.execution_count = [], None
    where = {"metadata": {"path": str(folder)}}
    # No times in the file, and the language's version is not that of who reads it.
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources=where, record_timing=False
    )
    client.execute()
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def code(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Its cells that run."""
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def main() -> None:
    """Runs it in an empty folder, and stores its outputs."""
    # Hydra 1.4 has no use for a version base
    os.environ.update(OMP_NUM_THREADS="1", PYTHONWARNINGS="ignore")
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(executed(Path(folder)), NOTEBOOK)


if __name__ == "__main__":
    main()
