"""A structured primary config that may be changed, with a defaults list and a hydra node."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from tests.compose.tree import Tree


@dataclass
class Database:
    driver: str = MISSING
    port: int = 1


@dataclass
class Pg(Database):
    driver: str = "pg"
    timeout: int = 10


@dataclass
class Config:
    defaults: list[Any] = field(
        default_factory=lambda: [
            {"db": "mysql"},
            {"db@second": "pg"},
            "_self_",
            {"override hydra/job_logging": "none"},
        ]
    )
    hydra: Any = field(default_factory=lambda: {"job": {"name": "${seed}", "env_set": {"A": "b"}}})
    seed: int = 0
    db: Database = MISSING
    second: Any = MISSING
    names: list[str] = field(default_factory=lambda: ["${db.driver}", "${second.driver}"])


def register(store: ConfigStore) -> None:
    store.store("config", Config)
    store.store("mysql", Database(driver="mysql", port=3306), group="db")
    store.store("pg", Pg, group="db")
    store.store(
        "experiment",
        {"defaults": [{"override /db": "pg"}], "seed": 5},
        group="set",
        package="_global_",
    )


TREE = Tree(
    __file__,
    lines=(
        "db=pg",
        "db=mysql",
        "db@second=mysql",
        "+set=experiment",
        "seed=2",
        "db.port=7",
        "db.port=x",
        "second.timeout=3",
        "names=[a]",
        "names.0=${seed}",
        "hydra.job.env_set.A=c",
        "+db@third=pg",
        "~db@second",
    ),
    master=("db=pg", "+set=experiment", "hydra.job.name=m"),
    register=register,
)
