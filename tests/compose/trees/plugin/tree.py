"""A plugin that puts one folder before the app's own configs, and one after."""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

from tests.compose.tree import Tree


class Around(SearchPathPlugin):
    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        folder = Path(__file__).parent
        search_path.prepend("plugin", f"file://{folder / 'before'}", "main")
        search_path.append("plugin", f"file://{folder / 'after'}")


TREE = Tree(
    __file__,
    lines=("db=ours", "db=theirs", "db=both", "+later=one", "+later@db=one", "db.port=4", "~db"),
    master=("db=theirs", "db=both"),
    plugin=Around,
)
