"""Models: a forward pass, and the gradients of a training step."""

from itertools import pairwise

import numpy as np


class Network:
    """A multi-layer perceptron for two classes; without hidden layers, logistic regression.

    Args:
        hidden: the units of each hidden layer.
        dropout: the share of hidden units that a training step leaves out.
        rng: of the initial weights, and of what is left out.
    """

    def __init__(self, hidden: list[int], dropout: float, rng: np.random.Generator) -> None:
        sizes = [2, *hidden, 1]
        shapes = pairwise(sizes)
        self.weights = [rng.normal(0, (2 / n) ** 0.5, (n, m)) for n, m in shapes]
        self.biases = [np.zeros(m) for m in sizes[1:]]
        self.dropout, self.rng = dropout, rng

    @property
    def parameters(self) -> list[np.ndarray]:
        """What an optimizer changes, in place."""
        return [*self.weights, *self.biases]

    def forward(self, x: np.ndarray, dropout: float = 0.0) -> list[np.ndarray]:
        """The output of each layer; the last is the probability of class 1."""
        outputs = [x]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            kept = self.rng.random(len(bias)) >= dropout
            outputs.append(np.maximum(outputs[-1] @ weight + bias, 0) * kept / (1 - dropout))
        logits = outputs[-1] @ self.weights[-1] + self.biases[-1]
        return [*outputs, 1 / (1 + np.exp(-logits))]

    def training_step(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """The gradient of the cross entropy by each parameter."""
        outputs = self.forward(x, self.dropout)
        error = (outputs.pop() - y[:, None]) / len(y)
        weights, biases = [], []
        for weight, output in zip(self.weights[::-1], outputs[::-1], strict=True):
            weights.append(output.T @ error)
            biases.append(error.sum(axis=0))
            error = error @ weight.T * (output > 0) / (1 - self.dropout)
        return [*weights[::-1], *biases[::-1]]

    def test_step(self, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """Accuracy and cross entropy."""
        p = np.clip(self.forward(x)[-1][:, 0], 1e-7, 1 - 1e-7)
        loss = -np.where(y, np.log(p), np.log(1 - p)).mean()
        return {"accuracy": float(((p > 0.5) == y).mean()), "loss": float(loss)}
