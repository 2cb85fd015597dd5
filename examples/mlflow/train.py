"""Fit a line through noisy points; what matters here is how the results are logged."""

import numpy as np

from params_proto import proto


@proto.cli(config_path="conf", config_name="train")
def train(
    lr: float = 0.1,  # step size
    epochs: int = 20,
    seed: int = 0,  # of the points
) -> dict[str, float]:
    """Returns the mean squared error on new points, and the slope."""
    rng = np.random.default_rng(seed)
    x, x_test = rng.uniform(-1, 1, (2, 100))
    noise, noise_test = rng.normal(0, 0.1, (2, 100))
    slope = 0.0
    for _ in range(epochs):
        slope -= lr * 2 * np.mean((slope * x - (3 * x + noise)) * x)
        if not abs(slope) < 100:
            raise FloatingPointError(f"the slope is {slope:.0f}: lr={lr} is too large")
    print(f"{lr=} {seed=} slope={slope:.2f}")
    return {
        "loss": float(np.mean((slope * x_test - (3 * x_test + noise_test)) ** 2)),
        "slope": slope,
    }


if __name__ == "__main__":
    train()
