"""A module that uses OpenMP as it is imported."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier


def fit() -> None:
    inputs = np.random.default_rng(0).random((2000, 4))
    HistGradientBoostingClassifier(max_iter=2).fit(inputs, inputs[:, 0] > 0.5)


fit()
