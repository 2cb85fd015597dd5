"""What is wrong with a call and what is doubtful, gathered to be told together."""

from __future__ import annotations

from params_proto.errors import Mistake, together, warn


class Notes:
    """The mistakes of a call of Sweep's, each once, and the names that no target has.

    Args:
        method: the method or the operator, as messages call it.
    """

    def __init__(self, method: str) -> None:
        self.method = method
        self.mistakes: dict[Mistake, None] = {}
        self.warnings: dict[str, bool] = {}  # and whether it has been told

    def tell(self) -> None:
        """Ends a call: raises what is wrong with it, or warns of what is doubtful.

        Raises:
            SweepError: the mistakes, all of them.
        """
        if self.mistakes:
            raise together(self.mistakes)
        for warning, told in self.warnings.items():
            if not told:
                self.warnings[warning] = True
                warn(warning)
