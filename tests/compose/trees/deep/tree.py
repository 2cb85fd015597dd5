"""Six levels of packages, references across them, and an experiment over all of them."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "l1=b",
        "l1/l2=b",
        "l1/l2/l3=b",
        "l1/l2/l3@l1.l2.more=b",
        "l1.l2.l3.leaf=5",
        "l1.l2.l3.list.0=5",
        "l1.l2={l3: {leaf: 4}}",
        "+l1.l2.l3.new.er={a: {b: [1]}}",
        "~l1.l2.l3",
        "+experiment=all",
        "l1.top=1",
        "root=2",
    ),
    master=("l1=b", "+experiment=all", "root=9"),
)
