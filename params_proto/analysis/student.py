"""Quantiles of Student's t distribution."""

from __future__ import annotations

import math


def t_quantile(confidence: float, freedom: int) -> float:
    """The t within which, on both sides of 0, a share of the distribution lies.

    The share is a finite sum for a whole number of degrees of freedom: Abramowitz and Stegun,
    Handbook of Mathematical Functions, 26.7.3 and 26.7.4, in the angle atan(t / sqrt(freedom)).
    It is inverted by bisection.

    Args:
        confidence: the share, as 0.95.
        freedom: degrees of freedom, 1 or more.

    >>> round(t_quantile(0.95, 1), 3), round(t_quantile(0.95, 10), 3)
    (12.706, 2.228)
    """
    low, high = 0.0, math.pi / 2
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if _share(middle, freedom) < confidence else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def _share(angle: float, freedom: int) -> float:
    odd = freedom % 2
    cosine = math.cos(angle)
    term = cosine if odd else 1.0
    total = 0.0
    for power in range(odd, freedom - 1, 2):  # that of the cosine in this term
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    total *= math.sin(angle)
    return 2 / math.pi * (angle + total) if odd else total
