"""What an import loads, and that modules import only from those before them in the code map."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from params_proto import Sweep
from tests.report.sweeps import leave

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "params_proto"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
HEAVY = "{'hydra', 'omegaconf', 'pandas', 'numpy', 'yaml', 'antlr4', 'difflib', 'tempfile', 'csv'}"

# Sweep loads these when a method is called, although they come later.
LOADS_LATER = {
    "sweep.py": {"params_proto.python.compose.configs", "params_proto.python.launch.launch"}
}
# Names with an underscore that are documented.
PUBLIC = {"_asdict", "_exit", "_fields", "_getframe", "_replace"}
OWN = ("__future__", "hydra_plugins.", "params_proto.")
# Packages before these that they must not import.
NEVER = {
    "app": {"algebra", "storage", "sweep"},
    "proto": {"algebra", "storage", "sweep"},
    "records": {"fields", "compose", "overrides"},
    "report": {"fields", "compose", "overrides"},
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def code_map() -> list[str]:
    """The modules of the package in the order of CONTRIBUTING.md, each package after its own."""
    block = re.search(r"^params_proto/\n((?:  .+\n)+)", CONTRIBUTING.read_text("utf-8"), re.M)
    assert block
    order: list[str] = []
    package = ""
    for line in block[1].splitlines():
        head, names = line[:15].strip(), line[15:56].split()
        if head:
            order += [package] if package else []
            package = head.removesuffix("/") if head.endswith("/") else ""
            order += [] if package else [head.removesuffix(".py")]
        order += [f"{package}.{name}" if package else name for name in names]
    return order


def imports(path: Path, *, for_types: bool = False) -> Iterator[str]:
    """Every module that a file imports, anywhere in it; under TYPE_CHECKING, too, `for_types`."""
    tree = ast.parse(path.read_text("utf-8"))
    left_out = {
        node
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        if not for_types
        for statement in branch.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node not in left_out:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node not in left_out:
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_modules_import_only_from_those_before_them_in_the_map() -> None:
    order = code_map()
    names = {_name(path): path for path in modules()}
    assert sorted(order) == sorted(names)
    for name, path in names.items():
        earlier = order[: order.index(name)]
        found = {*imports(path)} - LOADS_LATER.get(path.relative_to(PACKAGE).as_posix(), set())
        for full in found:
            top, _, other = full.partition(".")
            assert top != "hydra_plugins"
            if top == "params_proto":
                # What is no module itself is a name in the module that it is imported from.
                other = other if other in names else other.rpartition(".")[0]
                assert other in earlier, f"{name} imports {other}, which the map lists later"
                never = NEVER.get(name.split(".")[0], ())
                assert other.split(".")[0] not in never, f"{name} imports {other}"


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def test_private_names_of_others_stay_in_one_folder() -> None:
    for path in [*modules(), *(ROOT / "hydra_plugins").rglob("*.py")]:
        if path.parent == PACKAGE / "compose":
            continue
        for name in imports(path, for_types=True):
            private = not name.startswith(OWN) and re.search(r"\._[^_]", name)
            assert not private, f"{path}: {name} may change with any release"
        tree = ast.parse(path.read_text("utf-8"))
        own = {*defined(tree), *PUBLIC}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr):
                assert node.attr in own, f"{path}: {ast.unparse(node)} may change with any release"


def defined(tree: ast.Module) -> Iterator[str]:
    """The private names of a module's own functions, classes and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign):
            yield ast.unparse(node.target).removeprefix("self.")
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr if ast.unparse(node.value) == "self" else ""


def test_importing_the_package_loads_nothing_heavy(python) -> None:
    code = f"""
import sys
before = {{*sys.modules}}
from params_proto import Sweep, SweepError, SweepWarning, proto
Sweep().product(lr=[0.1, 0.2]).zip(a=[1, 2], b=[3, 4])[3]
print(sorted({HEAVY} & ({{*sys.modules}} - before)))
"""
    assert python("-c", code).stdout == "[]\n"


def test_records_are_read_without_hydra(python) -> None:
    code = f"""
import sys
from params_proto.records import Failure, JobStore, Record, Status
from params_proto.records import lock, manifest, process, record, store
print(sorted(({HEAVY} - {{'difflib', 'tempfile', 'csv'}}) & {{*sys.modules}}))
print(sorted(name for name in sys.modules if name.startswith("params_proto.")))
"""
    heavy, own = python("-c", code).stdout.splitlines()

    assert heavy == "[]"
    assert "params_proto.sweep" not in own


def test_a_sweep_that_has_run_is_inspected_without_hydra_and_pandas(tmp_path: Path, python) -> None:
    sweep = Sweep().product(lr=[0.1, 0.2])
    out = leave(tmp_path / "out", sweep, lambda config: config["lr"])
    code = f"""
import sys
from params_proto.cli.main import main
assert [main([name, {str(out)!r}]) for name in ("report", "results", "best", "failures")] == [0] * 4
print([name for name in ("hydra", "omegaconf", "pandas", "numpy") if name in sys.modules])
"""
    assert python("-c", code).stdout.splitlines()[-1] == "[]"


def test_the_names_of_the_package(python) -> None:
    names = python("-c", "import params_proto as p; print(*sorted(p.__all__)); p.proto.cli").stdout

    own = ["Sweep", "SweepError", "SweepWarning", "job", "proto", "results", "summarize"]
    assert names.split() == own


def test_hydra_finds_the_plugin_once_and_loads_nothing_of_the_package(python) -> None:
    code = """
import sys
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
print([cls.__name__ for cls in Plugins.instance().discover(Sweeper)])
print([name for name in sys.modules if name.partition(".")[0] in ("params_proto", "pandas")])
"""
    found, loaded = python("-W", "error", "-c", code).stdout.splitlines()

    assert found.count("ParamsProtoSweeper") == 1
    assert loaded == "[]"


def test_a_multirun_of_an_app_without_fields_does_not_load_what_reads_them(
    tmp_path: Path, python
) -> None:
    (tmp_path / "app.py").write_text("""
import sys
import hydra

@hydra.main(version_base=None, config_path=None)
def main(cfg):
    own = [name.split(".")[1] for name in sys.modules if name.startswith("params_proto.")]
    print([name for name in ("multirun", "fields", "app") if name in own])

main()
""")
    sweeper = "hydra/sweeper=params_proto"

    assert python("app.py", "-m", sweeper, "+x=1,2").stdout.count("\n['multirun']\n") == 2


def test_a_new_sweep_of_one_job_loads_only_what_it_needs(tmp_path: Path, python) -> None:
    (tmp_path / "app.py").write_text("""
import sys
import hydra

@hydra.main(version_base=None, config_path=None)
def main(cfg):
    pass

main()
others = "analysis.ranking compose.loader multirun.changes multirun.progress multirun.ranks"
others += " multirun.resume multirun.sources storage.plain"
print([name for name in others.split() if f"params_proto.{name}" in sys.modules])
""")
    assert python("app.py", "-m", "hydra/sweeper=params_proto", "+x=1").stdout.endswith("\n[]\n")
