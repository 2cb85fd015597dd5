"""Which GPUs workers get: each its own, which the jobs see through `CUDA_VISIBLE_DEVICES`."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

from params_proto.errors import SweepError

VARIABLE = "CUDA_VISIBLE_DEVICES"
_GPU = re.compile(r"GPU (\d+): ")
_MIG = re.compile(r"MIG .*\(UUID: (MIG-[^)]+)\)")


def visible() -> list[str]:
    """The GPUs of this machine: those in `CUDA_VISIBLE_DEVICES`, or all that `nvidia-smi -L` lists.

    A GPU is named by its index, a MIG device by its UUID. A GPU that is divided is not listed
    itself.

    Raises:
        SweepError: `nvidia-smi` is not there, or fails.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        listed = [one.strip() for one in given.split(",") if one.strip()]
        return listed[: listed.index("-1")] if "-1" in listed else listed  # as CUDA reads it
    try:
        found = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise SweepError(
            f"hydra.sweeper.gpus: {VARIABLE} is not set, and nvidia-smi -L fails ({error}). Set"
            f" {VARIABLE}, or name the GPUs: hydra.sweeper.gpus=[0,1]."
        ) from error
    names: list[str] = []
    for line in found.splitlines():
        if gpu := _GPU.match(line):
            names.append(gpu[1])
        elif mig := _MIG.search(line):
            if names and names[-1].isdigit():
                names.pop()  # the GPU that the device is a part of
            names.append(mig[1])
    return names


def slots(gpus: Any, jobs_per_gpu: int, in_use: Mapping[str, int] | None = None) -> list[str]:
    """The GPU of each free slot, those of one GPU as far apart as can be.

    Args:
        gpus: `auto`, a count, or a list of names.
        jobs_per_gpu: how many slots a GPU has.
        in_use: how many of them other workers have.

    Raises:
        SweepError: it is none of these, or there are not as many GPUs, or no slot is free.

    >>> slots([0, 1], 2)
    ['0', '1', '0', '1']
    >>> slots([0, 1], 2, {"0": 1})
    ['1', '0', '1']
    """
    taken = Counter[str](in_use or {})
    if jobs_per_gpu < 1:
        raise SweepError(
            f"hydra.sweeper.jobs_per_gpu={jobs_per_gpu} is not a number of jobs: 1 or more."
        )
    if isinstance(gpus, Sequence) and not isinstance(gpus, str):
        chosen = [str(one) for one in cast("Sequence[Any]", gpus)]
    elif gpus == "auto":
        chosen = visible()
    elif isinstance(gpus, int) and not isinstance(gpus, bool) and gpus > 0:
        there = [one for one in visible() if taken[one] < jobs_per_gpu]
        if len(there) < gpus:
            raise SweepError(
                f"hydra.sweeper.gpus={gpus}: {len(there)} are free on this machine"
                f" ({', '.join(there) or 'none'})."
            )
        chosen = there[:gpus]
    else:
        raise SweepError(
            f"hydra.sweeper.gpus={gpus}: it is auto, a number of GPUs, or a list of them, [0,1]."
        )
    if not chosen:
        raise SweepError(f"hydra.sweeper.gpus={gpus}: no GPU is visible here.")
    if VARIABLE in os.environ and not {*chosen} <= {*visible()}:
        raise SweepError(
            f"hydra.sweeper.gpus={gpus}: {VARIABLE}={os.environ[VARIABLE]} allows no others than"
            " these. Name some of them, or unset it."
        )
    if len(set(chosen)) < len(chosen):
        raise SweepError(
            f"hydra.sweeper.gpus={gpus} names one GPU twice: for several jobs on each, give"
            " hydra.sweeper.jobs_per_gpu=2."
        )
    found = [one for slot in range(jobs_per_gpu) for one in chosen if slot >= taken[one]]
    if not found:
        raise SweepError(
            f"hydra.sweeper.gpus={gpus}: living workers of this sweep use GPU {', '.join(chosen)}."
        )
    return found
