"""An app for sweeps of many jobs: it writes down the most memory that it had, or stops at a job."""

import os
from pathlib import Path

import hydra
from omegaconf import DictConfig


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config: DictConfig) -> None:
    if config.stop:
        os._exit(0)


def peak() -> str:
    """In KiB; `ru_maxrss` would begin with that of the process that started this one."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
    Path("peak.txt").write_text(peak())
