"""Some of each kind, the same in every run and others; `make fuzz` tries a hundred thousand."""

from __future__ import annotations

import pytest

from tests.fuzz.running import KINDS, tried

INPUTS = {
    "files": 150,
    "overrides": 100,
    "keys": 150,
    "frames": 100,
    "records": 60,
    "commands": 30,
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
