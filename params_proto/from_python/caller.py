"""The code that calls: the folder that its relative paths begin at, and its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from params_proto.errors import frame_of_caller


@dataclass(frozen=True)
class Caller:
    """Some code of the user's.

    Args:
        folder: where its file is; the working directory where it has none.
        name: what Hydra calls the job that it runs.
    """

    folder: Path
    name: str

    @classmethod
    def of(cls, code: CodeType) -> Caller:
        """The file that some code stands in."""
        file = Path(code.co_filename).absolute()
        return cls(file.parent, re.sub(r"[^-\w.]", "", file.stem.strip().replace(" ", "_")))


def caller() -> Caller:
    """The code nearest to this call that is none of this package.

    A cell of a notebook stands where the notebook does, as for Hydra.
    """
    frame = frame_of_caller()
    folders = frame.f_globals.get("_dh")  # IPython's, in the globals of its cells only
    if folders:
        return Caller(Path(folders[0]), "notebook")
    return Caller.of(frame.f_code)
