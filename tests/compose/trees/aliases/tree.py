"""Other names for overrides, which Hydra 1.4 has."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "rate=0.5",
        "rate=1",
        "fast",
        "hydra.aliases.rate=seed",
        "+hydra.aliases.new=seed",
        "hydra.aliases={}",
        "~hydra.aliases",
        "name='${hydra.aliases.rate}'",
    ),
    not_cacheable=True,  # runs of one job
    hydra_1_3=False,
    master=("rate=0.7", "fast", "base=pg", "seed=1"),
)
