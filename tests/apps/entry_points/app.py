"""Two apps; `app.py ENTRY_POINT` runs sweeps over them that way, and in a loop to compare."""

import enum
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore

from params_proto import Sweep, proto
from tests.versions import VERSION_BASE

seen: list[Any] = []  # what jobs got


class Mode(enum.Enum):
    FAST = 1
    SLOW = 2


@proto.prefix
class Training:
    lr: float = 0.001
    batch_size: int = 32
    warmup: int = 0
    mode: Mode = Mode.FAST


@proto.cli
def main(seed: int = 42, epochs: int = 10, width: int = 8):
    job = [seed, epochs, width, Training.lr, Training.batch_size, Training.warmup]
    print("job", *job)
    seen.append([*job, Training.mode is Mode.FAST])
    return seed


@dataclass
class Config:
    lr: float = 0.001
    batch_size: int = 32
    warmup: int = 0


ConfigStore.instance().store("config", Config)


@hydra.main(config_path="conf", config_name="config", **VERSION_BASE)
def plain(config: Config):
    seen.append([config.lr, config.batch_size, config.warmup])


QUIET = ["hydra/hydra_logging=none", "hydra/job_logging=none"]


def loop(target: str, sweep: Sweep) -> None:
    for config in sweep:
        if target == "dataclass":
            plain.__wrapped__(Config(**config))
        elif target in ("kinds", "prefix"):
            with proto.bind(Training, **config):
                main()
        else:
            main(**config)


def command(target: str, argument: str) -> None:
    arguments = [argument, "hydra.sweep.dir=run", "hydra.sweeper.overwrite=true", *QUIET]
    if target == "dataclass":
        sys.argv = ["app.py", "-m", "hydra/sweeper=params_proto", *arguments]
        plain()
    else:
        main.run(["--config-dir", "conf", "-m", *arguments])


def saved(target: str, kind: str, sweep: Sweep) -> None:
    sweep.save(f"{target}_{kind}.yaml")
    command(target, f"hydra.sweeper.sweep={target}_{kind}.yaml")


def group(target: str, kind: str, sweep: Sweep) -> None:
    path = Path(f"conf/sweep/{target}_{kind}.yaml")
    path.parent.mkdir(exist_ok=True)
    sweep.save(path)
    path.write_text(f"# @package hydra.sweeper.sweep\n{path.read_text()}")
    command(target, f"+sweep={path.stem}")


ENTRY_POINTS: dict[str, Callable[[str, str, Sweep], Any]] = {
    "file": lambda target, kind, _: command(
        target, f"hydra.sweeper.sweep=sweeps.py:{target}.{kind}"
    ),
    "saved": saved,
    "group": group,
    "launch": lambda target, _, sweep: sweep.launch(
        plain if target == "dataclass" else main, overrides=QUIET, progress=False
    ),
}

if len(sys.argv) > 1 and sys.argv[1] in ENTRY_POINTS:
    if __name__ == "__main__":
        import sweeps  # which imports this file once more, for its classes

        by_file = sys.argv[1] == "file"
        for target, kinds in (sweeps.EACH_KIND if by_file else sweeps.SWEEPS).items():
            for kind, sweep in vars(kinds).items():
                loop(target, sweep)
                expected = list(seen)
                seen.clear()
                ENTRY_POINTS[sys.argv[1]](target, kind, sweep)
                print(target, kind, "same" if seen == expected else f"{expected} {seen}")
                seen.clear()
else:
    main()
