"""Where records stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from params_proto.records.layout import claim_path, record_path, record_paths


@pytest.mark.parametrize(
    ("job", "path"),
    [
        (0, "0/0/0.json"),
        (999, "0/0/999.json"),
        (1000, "0/1/1000.json"),
        (999_999, "0/999/999999.json"),
        (1_000_000, "1/0/1000000.json"),
        (10**9, "1000/0/1000000000.json"),
        (10**36 + 7, f"{10**30}/0/{10**36 + 7}.json"),
    ],
)
def test_a_record(tmp_path: Path, job: int, path: str) -> None:
    expected = tmp_path / ".sweep" / "jobs" / path
    assert record_path(tmp_path, job) == expected
    assert claim_path(tmp_path, job, 12) == expected.with_name(f"{job}.claim-12")
    expected.parent.mkdir(parents=True)
    expected.write_text("")
    assert list(record_paths(tmp_path)) == [(job, expected)]


def test_no_folder_holds_more_than_a_thousand() -> None:
    folders: dict[Path, int] = {}
    for job in [*range(2500), *range(998_500, 1_001_500)]:
        path = record_path(Path("out"), job)
        folders[path.parent] = folders.get(path.parent, 0) + 1
    assert max(folders.values()) == 1000
    parts = [record_path(Path(), 1000 * thousands).parts[-3:-1] for thousands in range(3000)]
    assert len(set(parts)) == 3000
    assert {len({last for first, last in parts if first == each}) for each in "012"} == {1000}


def test_in_order_of_their_numbers(tmp_path: Path) -> None:
    jobs = [0, 2, 10, 999, 1000, 2000, 10_000, 999_999, 1_000_000, 2_000_000, 10_000_000]
    for job in reversed(jobs):
        path = record_path(tmp_path, job)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert [job for job, _ in record_paths(tmp_path)] == jobs


@pytest.mark.parametrize(
    "foreign",
    [
        *(
            "0/0/01.json",
            "0/0/-1.json",
            "0/0/1.JSON",
            "0/0/1.json~",
            "0/0/1.claim-1",
            "0/0/\u0661.json",
        ),
        *("0/0/.1.json.4242.tmp", "0/0/x.json", "0/0/1000.json", "0/1/1.json", "00/0/1.json"),
        *("0/00/1.json", "x/0/1.json", "0/x/1.json", "0/\u0660/1.json", "1.json", "0/1.json"),
        *("0/0/1/1.json", ".DS_Store", "0/.nfs1", "0/0/thumbs.db", "²/0/1.json", "0/²/1.json"),
    ],
)
def test_a_foreign_file_is_left_out(tmp_path: Path, foreign: str) -> None:
    path = tmp_path / ".sweep" / "jobs" / foreign
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    assert list(record_paths(tmp_path)) == []


def test_none(tmp_path: Path) -> None:
    assert list(record_paths(tmp_path / "missing")) == []
    (tmp_path / ".sweep").mkdir()
    (tmp_path / ".sweep" / "jobs").write_text("")
    assert list(record_paths(tmp_path)) == []
