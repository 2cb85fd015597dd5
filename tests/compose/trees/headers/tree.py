"""`# @package` in the head of files, of the primary config as well."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "kind@app.kind=in_global",
        "kind@app.kind=in_group",
        "kind@app.kind=elsewhere",
        "kind@app.kind=deeper",
        "kind@app.mine=elsewhere",
        "+kind@_global_=elsewhere",
        "+other=[one,two]",
        "app.seed=1",
        "app.kind.value=1",
        "theirs.value=1",
        "~kind@app.kind",
    ),
    master=("kind@app.kind=elsewhere", "app.seed=3"),
)
