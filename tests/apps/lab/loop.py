"""The jobs of conf/sweep/grid.yaml with seed=7, written as a loop: what each app returns."""

import json

from omegaconf import OmegaConf

from lab import plain, typed

names = ["a b", "1", "x=1,'z'"]
for kind, widths in [("SMALL", [8]), ("LARGE", [32, 64])]:
    for lr, name, path in zip([0.5, 1e-05, 3.0], names, ["here", "there/b", "~"], strict=True):
        model = {"kind": kind, "widths": widths}
        data = {"path": path, "batch_size": 32}
        config = {"lr": lr, "name": name, "seed": 7, "data": data, "model": model}
        flat = {"lr": lr, "name": name, "seed": 7}
        flat |= {f"model.{key}": value for key, value in model.items()}
        flat |= {f"data.{key}": value for key, value in data.items()}
        returned = {
            "plain": plain.train(OmegaConf.create(config))[0],
            "typed": typed.train(**flat)[0],
        }
        print(json.dumps({"config": config, **{app: repr(r) for app, r in returned.items()}}))
