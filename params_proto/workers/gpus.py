"""Assigns GPUs to workers, whose jobs see only their own through `CUDA_VISIBLE_DEVICES`."""

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


def visible_gpus() -> list[str]:
    """The GPUs in `CUDA_VISIBLE_DEVICES` if it is set, otherwise all that `nvidia-smi -L` lists.

    GPUs are named by index, MIG devices by UUID. A GPU that is split into MIG devices is not listed
    itself.

    Raises:
        SweepError: `nvidia-smi` is missing or fails.
    """
    variable = os.environ.get(VARIABLE)
    if variable is not None:
        listed = [name.strip() for name in variable.split(",") if name.strip()]
        return listed[: listed.index("-1")] if "-1" in listed else listed  # as CUDA reads it
    try:
        output = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise SweepError(
            f"hydra.sweeper.gpus: {VARIABLE} is not set, and nvidia-smi -L fails ({error}). Set"
            f" {VARIABLE}, or list the GPUs: hydra.sweeper.gpus=[0,1]."
        ) from error
    names: list[str] = []
    for line in output.splitlines():
        if gpu := _GPU.match(line):
            names.append(gpu[1])
        elif mig := _MIG.search(line):
            if names and names[-1].isdigit():
                names.pop()  # the GPU that this device is a part of
            names.append(mig[1])
    return names


def gpu_slots(gpus: Any, jobs_per_gpu: int, in_use: Mapping[str, int] | None = None) -> list[str]:
    """The GPU of each free slot; slots on the same GPU are as far apart as possible.

    Args:
        gpus: `auto`, a number of GPUs, or a list of names.
        jobs_per_gpu: number of slots per GPU.
        in_use: number of slots per GPU taken by other workers.

    Raises:
        SweepError: `gpus` is none of these, there are too few GPUs, or no slot is free.

    >>> gpu_slots([0, 1], 2)
    ['0', '1', '0', '1']
    >>> gpu_slots([0, 1], 2, {"0": 1})
    ['1', '0', '1']
    """
    taken = Counter[str](in_use or {})
    if isinstance(gpus, Sequence) and not isinstance(gpus, str):
        chosen = [str(name) for name in cast("Sequence[Any]", gpus)]
    elif gpus == "auto":
        chosen = visible_gpus()
    elif isinstance(gpus, int) and not isinstance(gpus, bool) and gpus > 0:
        free = [gpu for gpu in visible_gpus() if taken[gpu] < jobs_per_gpu]
        if len(free) < gpus:
            raise SweepError(
                f"hydra.sweeper.gpus={gpus}: not enough free GPUs on this machine"
                f" ({', '.join(free) or 'none'})."
            )
        chosen = free[:gpus]
    else:
        raise SweepError(
            f"hydra.sweeper.gpus={gpus} is not auto, a number of GPUs, or a list such as [0,1]."
        )
    if not chosen:
        raise SweepError(f"hydra.sweeper.gpus={gpus}: no GPU is visible on this machine.")
    if VARIABLE in os.environ and not {*chosen} <= {*visible_gpus()}:
        raise SweepError(
            f"hydra.sweeper.gpus={gpus}: only GPUs in {VARIABLE}={os.environ[VARIABLE]} can be"
            " used. Choose some of those, or unset the variable."
        )
    if len(set(chosen)) < len(chosen):
        raise SweepError(
            f"hydra.sweeper.gpus={gpus} lists a GPU twice. To run several jobs per GPU, set"
            " hydra.sweeper.jobs_per_gpu=2."
        )
    slots = [gpu for slot in range(jobs_per_gpu) for gpu in chosen if slot >= taken[gpu]]
    if not slots:
        raise SweepError(
            f"hydra.sweeper.gpus={gpus}: other workers of this sweep are using GPU"
            f" {', '.join(chosen)}."
        )
    return slots
