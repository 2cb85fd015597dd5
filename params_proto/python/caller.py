"""The code that calls: the folder that its relative paths begin at, and its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

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


def code_of(function: Any) -> CodeType | None:
    """The code of a function; of an object that is called, that of its class, as for Hydra.

    None where there is none in Python, as of a `functools.partial`.
    """
    called: Any = function if hasattr(function, "__code__") else type(function).__call__
    return getattr(called, "__code__", None)


def caller() -> Caller:
    """The code nearest to this call that is none of this package.

    A cell of a notebook stands where the notebook does, as for Hydra.
    """
    frame = frame_of_caller()
    folders = frame.f_globals.get("_dh")  # IPython's, in the globals of its cells only
    if folders:
        return Caller(Path(folders[0]), "notebook")
    return Caller.of(frame.f_code)
