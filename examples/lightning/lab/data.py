"""Data modules: points in the plane, of two classes."""

import numpy as np


class Data:
    """Points to fit and points to test.

    Args:
        points: how many of each.
        noise: the standard deviation of what is added to them.
    """

    def __init__(self, points: int, noise: float) -> None:
        rng = np.random.default_rng(0)  # the same points whatever the seed of a run
        self.train = self.draw(points, noise, rng)
        self.test = self.draw(points, noise, rng)

    def draw(self, points: int, noise: float, rng: np.random.Generator) -> tuple:
        """Coordinates, and the class of each point."""
        y = rng.integers(2, size=points)
        x = self.curve(rng.uniform(0, 1, points), y)
        return x + rng.normal(0, noise, x.shape), y


class Moons(Data):
    """Two half circles, one in the other."""

    def curve(self, t: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Where the points are without noise."""
        angle = np.pi * (t + y)
        return np.stack([np.cos(angle) + y - 0.5, np.sin(angle) + y / 2 - 0.25], axis=1)


class Spirals(Data):
    """Two arms of a spiral."""

    def curve(self, t: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Where the points are without noise."""
        radius, angle = 0.2 + 2 * t, 1.5 * np.pi * t + np.pi * y
        return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
