"""Train a multi-layer perceptron on scikit-learn's handwritten digits."""

import logging
import warnings
from typing import Literal

import numpy as np
from sklearn import datasets, metrics, model_selection
from sklearn.neural_network import MLPClassifier

from params_proto import Sweep, proto

log = logging.getLogger(__name__)
warnings.filterwarnings("error", "Training interrupted")  # what scikit-learn makes of Ctrl-C


@proto.prefix
class Model:
    hidden: int = 32  # units in each hidden layer
    layers: int = 1  # hidden layers
    activation: Literal["relu", "tanh", "logistic"] = "relu"


@proto.prefix
class Optimizer:
    name: Literal["adam", "sgd"] = "adam"
    lr: float = 0.001  # step size


@proto.cli(config_path="conf", config_name="train")
def train(
    seed: int = 0,  # of the initial weights and of the order of the images
    epochs: int = 20,
    batch_size: int = 32,
    augment: bool = False,  # train on each image moved by one pixel each way, too
) -> dict[str, float]:
    """Train for some epochs; return accuracy and loss on images not seen before."""
    x, y = datasets.load_digits(return_X_y=True)
    x, x_test, y, y_test = model_selection.train_test_split(x / 16, y, random_state=0)
    if augment:
        moves = [np.roll(x, step, axis=1) for step in (0, -1, 1, -8, 8)]  # a row has 8 pixels
        x, y = np.concatenate(moves), np.tile(y, len(moves))
    layers = [Model.hidden] * Model.layers
    options = {"solver": Optimizer.name, "learning_rate_init": Optimizer.lr, "random_state": seed}
    network = MLPClassifier(layers, Model.activation, batch_size=batch_size, **options)
    for _ in range(epochs):
        try:
            network.partial_fit(x, y, classes=range(10))
        except UserWarning as interrupted:
            raise KeyboardInterrupt from interrupted
    accuracy = float(network.score(x_test, y_test))
    loss = float(metrics.log_loss(y_test, network.predict_proba(x_test)))
    given = f"{layers} {Model.activation}, {Optimizer.name} lr={Optimizer.lr:g} {batch_size=}"
    log.info(f"{accuracy=:.4f} {loss=:.4f}  {given} {epochs=} {augment=} {seed=}")
    return {"accuracy": accuracy, "loss": loss}


grid = Sweep(train, Model, Optimizer).product(hidden=[16, 64], lr=[0.001, 0.01], seed=[0, 1])
train()
