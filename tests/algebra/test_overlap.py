"""A key with mappings as values, and a key below it: refused if one config has both."""

from __future__ import annotations

import pytest

from params_proto import Sweep
from params_proto.errors import SweepError

MAPPED = {"opt": {"kind": "sgd"}}
BELOW = {"opt.lr": 0.1}
EMPTY = Sweep()


@pytest.mark.parametrize(
    "sweep",
    [
        EMPTY.chain(MAPPED, BELOW),
        EMPTY.chain(MAPPED, {"opt": "adam", **BELOW}),
        EMPTY.set(MAPPED) + EMPTY.set(BELOW),
        EMPTY.product(seed=[1]) * (EMPTY.set(MAPPED) + EMPTY.chain(BELOW, {})),
        EMPTY.set({**MAPPED, "~opt.lr": None}),
        EMPTY.product(opt=["adam", "sgd"]).set(BELOW),
        EMPTY.set({**MAPPED, "optimizer.lr": 0.1}),
    ],
    ids=repr,
)
def test_keys_that_no_config_has_together(sweep: Sweep) -> None:
    for config in sweep:
        assert not (isinstance(config.get("opt"), dict) and "opt.lr" in config)


@pytest.mark.parametrize(
    "steps",
    [
        lambda: EMPTY.chain({**MAPPED, **BELOW}, {}),
        lambda: EMPTY.chain(MAPPED, BELOW).set({"opt.lr": 1}),
        lambda: EMPTY.zip({"opt": [{"lr": 1}], "opt.lr": [2]}),
        lambda: (EMPTY.set(MAPPED) + EMPTY.set(BELOW)).product({"++opt.x.y": [1]}),
        lambda: EMPTY.set(seed=1) + EMPTY.chain({**MAPPED, **BELOW}),
        lambda: EMPTY.product(seed=[1]) * EMPTY.product(opt=[{"lr": 1}]).set(BELOW),
        lambda: EMPTY.product(BELOW | {"opt.lr": [1]}) * EMPTY.chain(MAPPED, {}),
        lambda: EMPTY.set(MAPPED).derive({"opt.lr": "x"}),
    ],
    ids=[
        "row",
        "row-and-pin",
        "zip",
        "part-and-axis",
        "row-of-a-part",
        "inner",
        "factor",
        "derived",
    ],
)
def test_keys_that_a_config_has_together(steps: object) -> None:
    assert callable(steps)
    with pytest.raises(SweepError, match=r"opt and opt\.\S+ overlap: opt is given a mapping"):
        steps()
