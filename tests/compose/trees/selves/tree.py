"""`_self_` first, in the middle, last, left out: what a key is at the end, and where it stands."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "part=first",
        "part=middle",
        "part=last",
        "part=none",
        "other=last",
        "+extra=both",
        "+extra@_global_=both",
        "+extra=[both,more]",
        "part.value=mine",
        "~part",
        "~other",
    ),
    master=("part=middle", "+extra=both"),
)
