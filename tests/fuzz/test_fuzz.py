"""Some inputs of each kind, fixed and random ones; `make fuzz` tries a hundred thousand."""

from __future__ import annotations

import pytest

from tests.fuzz.running import KINDS, tried

INPUTS = {
    "files": 100,
    "overrides": 60,
    "keys": 80,
    "frames": 60,
    "records": 20,
    "commands": 20,
}


@pytest.mark.parametrize("name", KINDS)
def test_every_input_ends_in_a_result_or_a_refusal(
    name: str, seed: int, plugins: None, hydra_restore_singletons: None
) -> None:
    found = tried((name, 0, INPUTS[name]), seed)
    assert not found.broken, "\n".join(found.broken.values())
    if seed == 0:  # of others there may be none, by chance
        assert found.results
        assert found.refused
