"""Options that are lists, optional, missing, none, relative, interpolated, named by numbers."""

from tests.multirun.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "must=a",
        "must=b",
        "many=[a,b]",
        "many=[b]",
        "many=[]",
        "many=a",
        "none=a",
        "maybe=a",
        "maybe=absent",
        "must@other=a",
        "pair=a_b",
        "+numbered=1",
        "+numbered=1.5",
        "+numbered=true",
        "+numbered=[1,1.5]",
        "+relative=up",
        "+relative=beside",
        "~many",
        "~none",
        "+experiment=lists",
        "+experiment=pairs",
    ),
    master=("must=a", "must=a", "must=a", "many=[a,b]", "+relative=up"),
)
