"""The metric that ranks jobs: the requested one, or else the sweep's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from params_proto.analysis.ranking import Ranking, ranking_of
from params_proto.analysis.rows import Table

OWN = Table(Path(), [], frozenset(), list, "accuracy", "maximize")
NONE = Table(Path(), [], frozenset(), list)
BOTH = ["loss", "accuracy"]


@pytest.mark.parametrize(
    ("sweep", "metric", "direction", "metrics", "order"),
    [
        (OWN, None, None, BOTH, Ranking("accuracy", True)),
        (OWN, "accuracy", None, BOTH, Ranking("accuracy", True)),
        (OWN, "accuracy", "minimize", BOTH, Ranking("accuracy", False)),
        (OWN, None, "minimize", BOTH, Ranking("accuracy", False)),
        # Its direction was about another one.
        (OWN, "loss", None, BOTH, Ranking("loss", False, True)),
        (NONE, None, None, BOTH, None),
        (NONE, "loss", "maximize", BOTH, Ranking("loss", True)),
        (NONE, None, None, ["value"], Ranking("value", False, True)),
        (NONE, "accuracy", None, BOTH, Ranking("accuracy", True, True)),
        (NONE, None, "maximize", ["value"], Ranking("value", True)),
    ],
)
def test_the_order(
    sweep: Table,
    metric: str | None,
    direction: str | None,
    metrics: list[str],
    order: Ranking | None,
) -> None:
    assert ranking_of([sweep], metric, direction, metrics) == order


@pytest.mark.parametrize(
    ("metric", "maximize"),
    [
        *((name, True) for name in ("acc", "accuracy", "auc", "f1", "r2", "reward", "return")),
        *((name, True) for name in ("score", "precision", "recall", "map", "iou", "bleu")),
        *((name, True) for name in ("val/acc", "val_acc", "test.accuracy", "mean-iou", "val/mAP")),
        *((name, False) for name in ("value", "loss", "val/loss", "acc_loss", "accuracy.error")),
        *((name, False) for name in ("tacc", "scores", "mapped", "f11")),
    ],
)
def test_the_direction_that_is_usual_for_a_metric(metric: str, maximize: bool) -> None:
    order = ranking_of([NONE], metric, None, [metric])
    assert order is not None
    assert order.maximize is maximize
