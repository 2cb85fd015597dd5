"""A command that starts Python, taken apart."""

from __future__ import annotations

import pytest

from params_proto.python_command import arguments, options


@pytest.mark.parametrize(
    ("started", "kept"),
    [
        (["-u", "lab.py", "-O", "-m"], ["-u"]),
        (["-uO", "-B", "-m", "lab"], ["-uO", "-B"]),
        (["-Werror", "-X", "dev", "lab.py"], ["-Werror", "-X", "dev"]),
        (["-um", "lab"], []),
        (["-c", "print()"], []),
        (["-W"], ["-W"]),
        ([], []),
    ],
)
def test_the_options_of_python(started: list[str], kept: list[str]) -> None:
    assert options(["/usr/bin/python3", *started]) == kept


@pytest.mark.parametrize(
    ("command", "rest"),
    [
        ("python train.py -m -cn other", "-m -cn other"),
        ("python3.13t -u -W error train.py -m", "-m"),
        ("/usr/bin/pypy3 -O -m lab.train -m", "-m"),
        ("train -m -cn other", "-m -cn other"),
        ("bin/pythonic -m", "-m"),
        ("train.py", ""),
    ],
)
def test_where_the_arguments_begin(command: str, rest: str) -> None:
    words = command.split()
    assert words[arguments(words) :] == rest.split()
