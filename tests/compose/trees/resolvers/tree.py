"""Interpolations of all kinds: of nodes and containers, relative, by Hydra's and own resolvers."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "model=large",
        "+experiment=turned",
        "model.width=5",
        "copy=1",
        "copy.width=1",
        "copy={width: 3}",
        "env=${oc.env:TURN}",
        "chosen=large",
        "nested.inner.up=${...turns.plain}",
        "turns.list=[1]",
        "turns.list.0=1",
        "mapped.turn=1",
        "~copy",
        "~turns.plain",
        "old=1",
        "sums.one=${plus:${seed},1}",
    ),
    master=("model=large", "seed=${turn:}", "+experiment=turned"),
)
