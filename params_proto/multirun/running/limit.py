"""`hydra.sweeper.max_failures`: how many jobs have failed, counted where they run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from params_proto.records.manifest import make_folder, open_file


class Limit(NamedTuple):
    """How many jobs may fail before no more start, wherever they run: a file for each that does.

    Args:
        folder: of the files, one for this run alone.
        most: how many are one too few.
    """

    folder: Path
    most: int

    @property
    def reached(self) -> bool:
        """Whether too many have failed."""
        return self.folder.is_dir() and len(os.listdir(self.folder)) > self.most

    def add(self, job: int) -> None:
        """Counts a job that failed, once."""
        make_folder(self.folder)
        with open_file(self.folder / str(job), "a"):
            pass

    def remove(self, job: int) -> None:
        """Counts it no more."""
        (self.folder / str(job)).unlink(missing_ok=True)
