"""What is wrong with a call and what is doubtful, gathered to be told together."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from params_proto.errors import SweepWarning, together

_PACKAGE = str(Path(__file__).parents[1])


class Notes:
    """The mistakes of a call of Sweep's, each once, and the names that no target has.

    Args:
        method: the method or the operator, as messages call it.
    """

    def __init__(self, method: str) -> None:
        self.method = method
        self.mistakes: dict[str, None] = {}
        self.warnings: dict[str, bool] = {}  # and whether it has been told

    def tell(self) -> None:
        """Ends a call: raises what is wrong with it, or warns of what is doubtful.

        Raises:
            SweepError: the mistakes, all of them.
        """
        if self.mistakes:
            raise together(list(self.mistakes))
        for warning, told in self.warnings.items():
            if not told:
                self.warnings[warning] = True
                warnings.warn(warning, SweepWarning, stacklevel=_callers_level())


def _callers_level() -> int:
    """The `stacklevel` at which `warnings.warn` points at the first line outside this package."""
    level, frame = 1, sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
        level += 1
    return level
