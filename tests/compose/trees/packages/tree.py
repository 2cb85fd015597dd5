"""One group at several packages; `_global_`, `_here_`, `_group_` and absolute ones."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "db@source=pg",
        "db@target=pg",
        "db@backup.first=mysql",
        "+db@third=pg",
        "+db@_global_=pg",
        "+db=pg",
        "~db@target",
        "+user@_group_=admin",
        "+globals=one",
        "+globals@here=one",
        "+globals=here",
        "source.port=1",
        "target.port=2",
        "db@source:target=pg",
    ),
    master=("db@source=pg", "+globals=one"),
)
