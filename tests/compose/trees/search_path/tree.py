"""`hydra.searchpath` in the primary config: of files and of a package."""

from pathlib import Path

from tests.compose.tree import Tree

MORE = Path(__file__).parent / "more"

TREE = Tree(
    __file__,
    lines=(
        "db=shared",
        "db=pg",
        "+more=[one,two]",
        "+more=one",
        "hydra.searchpath=[]",
    ),
    master=(
        f"hydra.searchpath=[file://{MORE}]",
        f"hydra.searchpath=[file://{MORE},pkg://tests.compose.trees.nested.conf]",
        "hydra.searchpath=[]",
        "hydra.searchpath=[pkg://not.there]",
        "hydra.searchpath=['${oc.env:HOME}']",
        "db=shared",
    ),
)
