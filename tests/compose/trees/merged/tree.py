"""Files that put mappings where others have interpolations: these are resolved while merging."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "add=mapping",
        "add=value",
        "alias={width: 4}",
    ),
    master=("add=mapping", "add=nothing", "model=large"),
    not_cacheable=True,
)
