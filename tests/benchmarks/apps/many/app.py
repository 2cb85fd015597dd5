"""An app for sweeps of many jobs: it records its peak memory, or stops at a job."""

import os
from pathlib import Path

import hydra
from omegaconf import DictConfig


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config: DictConfig) -> None:
    if config.stop:
        os._exit(0)


def peak() -> str:
    """Peak memory in KiB; `ru_maxrss` would start at that of the parent process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
    Path("peak.txt").write_text(peak())
