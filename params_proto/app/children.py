"""The current values in the processes that this one starts.

fork copies them with the memory. spawn, forkserver and joblib's workers unpickle them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from params_proto.app.current import Key, Layer, in_job, shared, top
from params_proto.app.packed import Packed


class Luggage:
    """Pickled, it is the values of that moment; unpickled, they are those of the new process."""

    def __reduce__(self) -> tuple[Any, ...]:
        innermost = top()
        if innermost is None:
            return _unpack, (None, in_job())
        values: dict[Key, dict[str, Packed]] = {}
        for layer in innermost.chain():
            for key, named in layer.values.items():
                packed = values.setdefault(key, {})
                for name, value in named.items():
                    if name not in packed:
                        packed[name] = value if type(value) is Packed else Packed(value)
        return _unpack, (values, in_job())


def _unpack(values: dict[Key, dict[str, Any]] | None, job: bool) -> Luggage:
    shared.brought = Layer(values or {}, job=job) if values is not None or job else None
    shared.tells = True
    return Luggage()


def tell() -> None:
    """Has every process that multiprocessing or joblib starts from here on take the values along.

    What such a process is told stands in its configuration, which it hands on to its own children;
    there is no public name for it.
    """
    from multiprocessing import process

    current: Any = process.current_process()
    current._config["params_proto"] = Luggage()
    shared.tells = True


def bring(key: Key, values: Mapping[str, Any], sender: int) -> None:
    """Takes over the values that a class was pickled with in the process that started this one.

    A worker that is used again so sees the values of the job that it now works for, while what
    comes back from a worker changes nothing.

    Args:
        key: the class.
        values: what it had there apart from its defaults.
        sender: the id of the process that pickled it.
    """
    if os.getppid() != sender:
        return
    if shared.brought is None:
        shared.brought = Layer({})
    shared.brought.values[key] = dict(values)
