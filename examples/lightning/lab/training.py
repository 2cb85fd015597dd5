"""The trainer and its optimizer."""

import numpy as np


class SGD:
    """Gradient descent with momentum, and weights that decay.

    Args:
        parameters: arrays, which it changes in place.
        lr, momentum, weight_decay: as in PyTorch's.
    """

    def __init__(
        self, parameters: list[np.ndarray], lr: float, momentum: float, weight_decay: float
    ) -> None:
        self.parameters = parameters
        self.velocities = [np.zeros_like(array) for array in parameters]
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay

    def step(self, gradients: list[np.ndarray]) -> None:
        """One step down."""
        for array, velocity, gradient in zip(
            self.parameters, self.velocities, gradients, strict=True
        ):
            velocity *= self.momentum
            velocity += gradient + self.weight_decay * array
            array -= self.lr * velocity


class Trainer:
    """Iterates over the data for some epochs.

    Args:
        max_epochs: how often.
        batch_size: the points of a step.
        rng: of the order of the points.
    """

    def __init__(self, max_epochs: int, batch_size: int, rng: np.random.Generator) -> None:
        self.max_epochs, self.batch_size, self.rng = max_epochs, batch_size, rng

    def fit(self, model, data, optimizer) -> None:
        """Trains a model."""
        x, y = data.train
        for _ in range(self.max_epochs):
            order = self.rng.permutation(len(x))
            for start in range(0, len(x), self.batch_size):
                batch = order[start : start + self.batch_size]
                optimizer.step(model.training_step(x[batch], y[batch]))

    def test(self, model, data) -> dict[str, float]:
        """The metrics of a model."""
        return model.test_step(*data.test)
