"""Which of the two Hydras it is, where they differ."""

from __future__ import annotations

import hydra

IS_1_3 = tuple(map(int, hydra.__version__.split(".")[:2])) < (1, 4)
