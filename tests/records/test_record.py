"""Records as text, and invalid texts."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import json
from typing import Any

import pytest

from params_proto.records import Failure, Record, Status
from params_proto.records.manifest import UnreadableError
from params_proto.records.record import read_record
from tests.recipes import exactly

RECORD = Record(
    job=3,
    overrides=["lr=0.1", "+model=é"],
    config={"lr": 0.1, "model": "é"},
    identity="c50b230f42e8a73f76606623fcc1531e",
    dir="3",
    host="node7",
    pid=4242,
    process="boot/77",
    attempt=2,
    status=Status.FAILED,
    started="2026-11-24T10:00:00.000+01:00",
    ended="2026-11-24T10:00:01.500+01:00",
    duration=1.5,
    value={"loss": [0.5, None]},
    error=Failure("ValueError", "no\nmore", "Traceback"),
)
FILE: dict[str, Any] = json.loads(RECORD.text())


def test_what_is_written_is_read() -> None:
    odd = [True, 1.0, {"\ud800": ["\0", "\n", "é 🦜", '"}']}]
    for record in (RECORD, RECORD._replace(value=odd, process=None, error=None, ended=None)):
        text = record.text()
        assert "\n" not in text
        assert read_record(text) == read_record(text.encode()) == record
        assert exactly(read_record(text).value) == exactly(record.value)


def test_a_cut_text_is_no_record() -> None:
    content = RECORD.text().encode()
    for length in range(len(content)):
        with pytest.raises(UnreadableError):
            read_record(content[:length])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not JSON: Expecting value"),
        ("{", "it is not JSON"),
        (b"\xff{}", "it is not JSON: .*utf-8"),
        ("[" * 100_000, "it is not JSON: it is nested too deep"),
        (f'{{"job": {"9" * 5000}}}', "it is not JSON: .*digits"),
        ("null", "it is not a JSON object"),
        ("[]", "it is not a JSON object"),
        *[(json.dumps({key: FILE[key] for key in FILE if key != name}), f"^{name} is None$") for name in ("job", "status", "started")],
        *[
            (json.dumps(FILE | {name: other}), f"^{name} is ")
            for name, others in {
                "job": ["3", 3.0, True],
                "overrides": [{}, "lr=1"],
                "config": [[]],
                "process": [1],
                "status": [1, "pending", "RUNNING"],
                "duration": ["1", True],
                "error": ["ValueError"],
            }.items()
            for other in others
        ],
        (json.dumps(FILE | {"overrides": ["lr=1", 2]}), r"^overrides is \['lr=1', 2\]$"),
        (json.dumps(FILE | {"error": {}}), "^type is None$"),
        (json.dumps(FILE | {"error": {"type": "E", "message": "", "traceback": None}}), "^traceback is None$"),
        (json.dumps(FILE | {"dir": ["x" * 999]}), r"^dir is \['x{50,60}$"),
    ],
    ids=lambda text: str(text)[:60] if text else "nothing",
)  # fmt: skip
def test_no_record(text: str | bytes, message: str) -> None:
    with pytest.raises(UnreadableError, match=message):
        read_record(text)


def test_what_a_later_version_adds_is_ignored() -> None:
    later = FILE | {"node": 7, "error": {**FILE["error"], "notes": []}}
    assert read_record(json.dumps(later)) == RECORD
