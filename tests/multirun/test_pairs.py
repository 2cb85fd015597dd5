"""`hydra.sweeper.zip`."""

from __future__ import annotations

from typing import Any

import pytest

from params_proto.errors import SweepError
from params_proto.multirun.request import read_overrides, read_zip

GIVEN = read_overrides(["lr=1,2", "+bs=3,4", "db=a,b,c", "seed=0", "x=range(2)"])


@pytest.mark.parametrize(
    ("zips", "read"),
    [
        (["lr", "bs"], [["lr", "bs"]]),
        (["lr", "+bs", "x"], [["lr", "bs", "x"]]),
        ([["lr", "bs"]], [["lr", "bs"]]),
        ([["lr", "x"], ["db"], []], [["lr", "x"], ["db"]]),
        (["lr", "seed"], [["lr"]]),
    ],
)
def test_a_list_of_keys_or_a_list_of_lists(zips: Any, read: list[list[str]]) -> None:
    assert read_zip(zips, GIVEN) == read


@pytest.mark.parametrize("pin", [["lr=5"], ["++lr=5"], ["lr=4", "lr=5"]])
def test_a_key_that_is_given_one_value_leaves_the_others_paired(pin: list[str]) -> None:
    lines = ["lr=1,2", "bs=3,4", "x=5,6", *pin]
    assert read_zip(["lr", "bs", "x"], read_overrides(lines)) == [["bs", "x"]]


@pytest.mark.parametrize(
    ("zips", "message"),
    [
        ("lr,bs", "hydra.sweeper.zip='lr,bs' is not a list of keys. Write a list of keys, \\[lr,b"),
        (["lr", ["bs"]], "is not a list of keys"),
        (["lr", "db"], "equally many values: lr has 2, db has 3. Leave the keys out"),
        ([["lr", "bs"], ["lr", "x"]], "lr is in hydra.sweeper.zip twice"),
        (["lr", "nope", "db"], "(?s)2 mistakes:.*nope.*equally many"),
    ],
)
def test_what_cannot_be_paired_is_refused(zips: Any, message: str) -> None:
    with pytest.raises(SweepError, match=message):
        read_zip(zips, GIVEN)
