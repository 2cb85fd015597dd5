"""Each kind of sweep, over each kind of target."""

from functools import reduce
from operator import add
from types import SimpleNamespace

from app import Config, Training, main

from params_proto import Sweep


def each(sweep: Sweep, a: str, b: str, c: str) -> SimpleNamespace:
    baseline = {a: 1, b: 2}
    return SimpleNamespace(
        product=sweep.product({a: [1, 2], b: [3, 4]}),
        zip=sweep.zip({a: [1, 2], b: [3, 4]}),
        combined=sweep.product({a: [1]}).zip({b: [3, 4], c: [5, 6]}),
        chain=sweep.chain(baseline, {**baseline, c: 7}),
        fixed=sweep.set({b: 5}).product({a: range(2)}),
        operators=(sweep * {a: [1]} * {b: [3]} % {c: 4}) ** 2,
        chosen=sweep.product({a: range(9), b: [1, 2]}).exclude({b: 2}).sample(2),
    )


def in_one(sweep: Sweep, a: str, b: str, c: str) -> SimpleNamespace:
    return SimpleNamespace(all=reduce(add, vars(each(sweep, a, b, c)).values()))


kinds = each(Sweep(Training), "lr", "batch_size", "warmup")
prefix = in_one(Sweep(Training), "lr", "batch_size", "warmup")
function = in_one(Sweep(main), "seed", "epochs", "width")
both = in_one(Sweep(main, Training), "seed", "lr", "training.batch_size")
dataclass = in_one(Sweep(Config), "lr", "batch_size", "warmup")
SWEEPS = {"prefix": prefix, "function": function, "both": both, "dataclass": dataclass}
EACH_KIND = {"kinds": kinds, **SWEEPS}
