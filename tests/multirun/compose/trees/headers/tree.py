"""`# @package` in the head of files, of the primary config as well."""

from tests.multirun.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "kind=in_global",
        "kind=in_group",
        "kind=elsewhere",
        "kind=deeper",
        "kind@mine=elsewhere",
        "+kind@_global_=elsewhere",
        "+other=[one,two]",
        "app.seed=1",
        "app.kind.value=1",
        "value=1",
        "~kind",
    ),
    master=("kind=elsewhere", "app.seed=3"),
)
