"""A value on its way into another process."""

from __future__ import annotations

from typing import Any

from params_proto.errors import SweepError


class Packed:
    """A value on its way into another process, which opens it when it is first read.

    One value that cannot be pickled stops neither the process nor the others.

    >>> Packed(0.1).open("lr")
    0.1
    """

    __slots__ = ("pickled", "problem")

    def __init__(self, value: Any) -> None:
        import pickle  # not at the top: it would be a third of what importing the package costs

        self.pickled, self.problem = b"", ""
        try:
            self.pickled = pickle.dumps(value)
        except Exception as error:  # each type has its own way to refuse
            self.problem = str(error)

    def open(self, name: str) -> Any:
        """The value itself.

        Args:
            name: the parameter that has it, for the message.

        Raises:
            SweepError: it could not be pickled there, or cannot be unpickled here.
        """
        import pickle

        if not self.problem:
            try:
                return pickle.loads(self.pickled)
            except Exception as error:  # the class may be missing or broken here
                self.problem = str(error)
        raise SweepError(
            f"The value of {name} did not reach this process: {self.problem}."
            " Pass it to the function as an argument."
        )
