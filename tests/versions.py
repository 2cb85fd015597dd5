"""Differences between the versions of Hydra under test."""

from __future__ import annotations

import hydra

HYDRA_1_3 = tuple(map(int, hydra.__version__.split(".")[:2])) < (1, 4)

# Hydra 1.3 warns where it is left out, Hydra 1.4 where it is given.
VERSION_BASE = {"version_base": "1.3"} if HYDRA_1_3 else {}

# What follows the message of an error that is shown without a traceback.
AFTER_AN_ERROR = (
    "\n\nSet the environment variable HYDRA_FULL_ERROR=1 for a complete stack trace.\n"
    if HYDRA_1_3
    else "\n"
)
