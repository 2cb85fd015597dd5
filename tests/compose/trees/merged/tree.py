"""Files that put mappings where others have interpolations: these are resolved while merging."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "add=mapping",
        "add=value",
        "add=turned",
        "add=turned",
        "add=turned",
        "add=onto_env",
        "add=onto_filled",
        "add=filled",
        "add=nothing",
        "alias.width=3",
        "model=large",
        "width=3",
        "alias={width: 4}",
        "turned=1",
        "env.x=1",
        "seed=2",
    ),
    master=("add=mapping", "add=nothing", "model=large"),
    not_cacheable=True,
)
