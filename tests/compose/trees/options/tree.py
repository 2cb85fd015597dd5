"""Options that are lists, optional, missing, none, relative, interpolated, named by numbers."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "many=[a,b]",
        "many=[b]",
        "many=[]",
        "many=a",
        "none=a",
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
    master=("many=[a,b]", "+relative=up", "must@other=a"),
    needs=("must=a", "must=b"),
)
