"""Files that have the names of structured configs: Hydra 1.3 validates them, Hydra 1.4 does not."""

from dataclasses import dataclass, field
from typing import Any

from tests.compose.tree import Tree


@dataclass
class Database:
    driver: str = "none"
    port: int = 0
    tags: list[str] = field(default_factory=list)


@dataclass
class Config:
    seed: int = 1
    db: Any = None
    other: Any = None
    kept: str = "from the schema"


TREE = Tree(
    __file__,
    lines=(
        "db=pg",
        "db=mysql",
        "db.tags=[a]",
        "+db.new=1",
        "+base@other=base_db",
    ),
    master=("db=pg", "db=checked", "seed=2"),
    not_cacheable=True,  # Hydra 1.3 merges schema and file before a prefix could see either
    nodes={"config": Config, "db/mysql": Database, "db/wrong": Database, "base/base_db": Database},
)
