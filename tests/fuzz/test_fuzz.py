"""Some hundred inputs of each kind; `make fuzz` tries a hundred thousand."""

from __future__ import annotations

import pytest

from tests.fuzz.kinds import KINDS, tried

INPUTS = {
    "files": 300,
    "overrides": 200,
    "keys": 300,
    "frames": 200,
    "records": 120,
    "commands": 60,
}


@pytest.mark.parametrize("name", KINDS)
def test_every_input_ends_in_a_result_or_a_refusal(
    name: str, plugins: None, hydra_restore_singletons: None
) -> None:
    found = tried((name, 0, INPUTS[name]), 0)
    assert not found.broken, "\n".join(found.broken.values())
    assert found.results
    assert found.refused
