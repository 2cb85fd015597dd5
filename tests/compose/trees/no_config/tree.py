"""No primary config: everything comes from the command line."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "+db=mysql",
        "+db=pg",
        "+db@here=pg",
        "++db.port=1",
        "+seed=1",
        "+seed=1",
        "+a.b.c=[1,{d: 2}]",
        "++a.b=1",
        "+db=[mysql,pg]",
        "hydra.job.name=x",
        "+x=${db.port}",
        "+x=${turn:}",
        "seed=1",
        "~seed",
    ),
    master=("+db=mysql", "+db=pg", "+seed=3"),
    config=None,
)
