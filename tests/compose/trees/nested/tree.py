"""Config groups in config groups, options that depend on each other, experiments that override."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "db=pg",
        "db=pg",
        "+experiment=fast",
        "+experiment=slow",
        "+experiment=[fast,slow]",
        "~db",
        "~db=mysql",
        "++db.extra=x",
        "server=null",
        "+tuning=[deep,wide]",
        "+tuning=wide",
    ),
    master=("db=pg", "+experiment=fast", "db.port=9"),
)
