"""Interpolations of all kinds: of nodes and containers, relative, by Hydra's and own resolvers."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "model=large",
        "+experiment=turned",
        "model.width=5",
        "copy={width: 3}",
        "env=${oc.env:TURN}",
        "nested.inner.up=${...turns.plain}",
        "turns.list=[1]",
        "~copy",
        "~turns.plain",
        "sums.one=${plus:${seed},1}",
    ),
    master=("model=large", "seed=${turn:}", "+experiment=turned"),
)
