"""Detects what a call must not do: hang, write elsewhere, or execute its input.

Python reports each file that is opened and all code that is executed to its audit hooks
(https://docs.python.org/3/library/audit_events.html). A hook cannot be removed; this one looks only
at what happens within `watched`, in the thread that entered it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import typing
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

SECONDS = 1.0  # of the processor: how long a call takes by the clock says how busy the machine is
_REST = 0.2  # seconds in which what was raised gets through
_WAITS = 20.0  # seconds by the clock, for what waits instead

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {  # events, and which of their arguments are paths that change
    **dict.fromkeys(["os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod"], (0,)),
    **dict.fromkeys(["os.chown", "os.utime", "os.mkfifo", "os.mknod", "os.setxattr"], (0,)),
    **dict.fromkeys(["os.rename", "os.link", "os.symlink"], (0, 1)),
}
_EXECUTES = frozenset(
    [
        *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty"),
        *("subprocess.Popen", "pty.spawn", "ctypes.dlopen", "pickle.find_class", "socket.connect"),
        *("os.startfile", "webbrowser.open", "code.__new__"),
    ]
)
# What a call may import that no call before it did.
_KNOWN = frozenset(
    [
        *sys.stdlib_module_names,
        *("params_proto", "hydra", "hydra_plugins", "omegaconf", "antlr4", "yaml", "pandas"),
        *("numpy", "dateutil", "pytz", "pyarrow", "hypothesis", "pytest", "_pytest"),
        *("coverage", "tests", "attr", "numexpr", "docstring_parser", "rich"),
    ]
)


class HangsError(BaseException):
    """Raised in code that takes too long; no `except Exception` catches it."""


@dataclass
class _Watch:
    directory: str = ""
    thread: int = 0
    raised: float = 0.0  # when it last said that a call hangs, by the clock
    seen: list[str] = field(default_factory=list[str])


_watch = _Watch()
_hooked: list[bool] = []


@contextmanager
def watched(directory: Path) -> Generator[Sequence[str], None, None]:
    """Watches what the code within the block does.

    Args:
        directory: the only one in which it may write.

    Returns:
        What it did that it may not do, as it is found.

    Raises:
        HangsError: it takes more than a second.
    """
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_heard)
    _watch.directory = os.path.realpath(directory)
    _watch.seen = seen = list[str]()
    before = [(one, signal.signal(one, _hangs)) for one in (signal.SIGPROF, signal.SIGALRM)]
    # Again and again, as what is raised in a destructor is lost.
    signal.setitimer(signal.ITIMER_PROF, SECONDS, SECONDS / 4)
    signal.setitimer(signal.ITIMER_REAL, _WAITS, SECONDS)
    _watch.thread = threading.get_ident()
    try:
        yield seen
    finally:
        _watch.thread = 0
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for one, handler in before:
            signal.signal(one, handler)


def _hangs(number: int, frame: FrameType | None) -> None:
    # Both timers have run out where one instruction has taken minutes; one of them is heard.
    if not _watch.thread or time.monotonic() - _watch.raised < _REST:
        return
    _watch.raised = time.monotonic()
    raise HangsError(f"more than {SECONDS if number == signal.SIGPROF else _WAITS} s")


def _heard(event: str, arguments: Sequence[Any]) -> None:
    if _watch.thread and _watch.thread == threading.get_ident():
        violation = _violation(event, arguments)
        if violation:
            _watch.seen.append(violation)


def _violation(event: str, arguments: Sequence[Any]) -> str | None:
    """The forbidden action of an event, if any."""
    if event == "open":
        path, mode, flags = arguments
        writes = any(letter in mode for letter in "wax+") if mode else bool(flags & _WRITES)
        return _elsewhere(event, [path]) if writes else None
    if event in _PATHS:
        return _elsewhere(event, [arguments[at] for at in _PATHS[event]])
    if event in _EXECUTES:
        return f"{event}{tuple(arguments)!r:.200}"
    if event == "import":
        return None if arguments[0].partition(".")[0] in _KNOWN else f"import of {arguments[0]!r}"
    if event == "exec":
        code: Any = arguments[0]
        known = not isinstance(code, CodeType) or os.path.isfile(code.co_filename) or _imports()
        return None if known else f"exec of {code!r:.200}"
    if event == "compile" and arguments[0] is not None:
        return None if _imports() else f"compile of {arguments[0]!r:.200}"
    return None


def _elsewhere(event: str, paths: Sequence[Any]) -> str | None:
    for path in paths:
        if isinstance(path, (str, bytes, os.PathLike)):
            real = os.path.realpath(os.fsdecode(path))
            inside = f"{real}/".startswith(f"{_watch.directory}/")
            if not inside and not _imports():  # which writes the bytecode of a module
                return f"{event} of {real}"
    return None


# An import makes dataclasses and named tuples of text, and typing reads annotations.
_MADE_OF_TEXT = ("<frozen importlib", typing.__file__)


def _imports() -> bool:
    """Whether this is part of an import, or of the reading of an annotation."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith(_MADE_OF_TEXT):
            return True
        frame = frame.f_back
    return False
