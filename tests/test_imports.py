"""What an import loads, and that modules import from their own layer and those below only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from params_proto import Sweep
from tests.report.sweeps import leave

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "params_proto"
HEAVY = "{'hydra', 'omegaconf', 'pandas', 'numpy', 'yaml', 'antlr4', 'difflib', 'tempfile', 'csv'}"

# The layers, the lowest first: a module may import from its own and from lower ones.
LAYERS: dict[str, set[str]] = {
    "ground": {"_files", "_keys", "_text", "_values", "errors"},
    "fields": {"fields"},
    "hydra": {"compose", "overrides"},
    "sweep": {"algebra", "storage", "sweep"},
    "records": {"records"},
    "analysis": {"analysis"},
    "report": {"report"},
    "proto": {"app", "proto"},
    "multirun": {"multirun"},
    "workers": {"workers"},
    "python": {"python"},
    "cli": {"cli", "__main__"},
}
# The layers of the largest package.
MULTIRUN: dict[str, set[str]] = {
    "ground": {"context", "errors", "options", "signals"},
    "plan": {"plan", "request", "sources"},
    "jobs": {"directories", "validation"},
    "start": {"changes", "resume", "resume_command", "sweep_dir"},
    "progress": {"progress"},
    "running": {"executor", "finish", "job_runner", "ranks"},
    "run": {"dry_run", "run"},
}
# Sweep loads these when a method is called, although they are in higher layers.
LOADS_LATER = {
    "sweep.py": {"params_proto.python.compose.configs", "params_proto.python.launch.launch"}
}
# Names with an underscore that are documented.
PUBLIC = {"_asdict", "_exit", "_fields", "_getframe", "_replace"}
OWN = ("__future__", "hydra_plugins.", "params_proto.")
# Further layers that these must not import.
NEVER = {
    "proto": {"sweep"},
    "records": {"fields", "hydra"},
    "report": {"fields", "hydra"},
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def layer(name: str, layers: dict[str, set[str]] = LAYERS) -> str:
    (found,) = [layer for layer, names in layers.items() if name in names] or [None]
    assert found, f"{name} has no layer: add it to LAYERS"
    return found


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it, except under TYPE_CHECKING."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        node
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for statement in branch.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node not in typing_only:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node not in typing_only:
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_follow_the_layers() -> None:
    order = list(LAYERS)
    for path in modules():
        inside = path.relative_to(PACKAGE)
        own = layer(inside.parts[0].removesuffix(".py"))
        for name in {*imports(path)} - LOADS_LATER.get(inside.as_posix(), set()):
            top, _, rest = name.partition(".")
            assert top != "hydra_plugins"
            if top == "params_proto":
                other = layer(rest.split(".")[0])
                assert order.index(other) <= order.index(own), f"{path} imports {name}"
                assert other not in NEVER.get(own, ()), f"{path} imports {name}"


def test_imports_follow_the_layers_of_multirun() -> None:
    order = list(MULTIRUN)
    for path in (PACKAGE / "multirun").rglob("*.py"):
        module = path.relative_to(PACKAGE / "multirun").parts[0].removesuffix(".py")
        if module != "__init__":
            own = layer(module, MULTIRUN)
            for name in imports(path):
                if name.startswith("params_proto.multirun."):
                    other = layer(name.split(".")[2], MULTIRUN)
                    assert order.index(other) <= order.index(own), f"{path} imports {name}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    names = {_name(path): path for path in modules()}
    imported: dict[str, set[str]] = {}
    for name, path in names.items():
        found = {*imports(path)} - LOADS_LATER.get(path.relative_to(PACKAGE).as_posix(), set())
        # What is no module itself is a name in the module that it is imported from.
        found = {one if one in names else one.rpartition(".")[0] for one in found}
        imported[name] = found & names.keys()

    # Whoever imports none that is left cannot be in a cycle, nor can one that only such import.
    while free := {name for name, others in imported.items() if not others & imported.keys()}:
        imported = {name: others for name, others in imported.items() if name not in free}
    assert {name: others & imported.keys() for name, others in imported.items()} == {}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def test_private_names_of_others_stay_in_one_folder() -> None:
    for path in [*modules(), *(ROOT / "hydra_plugins").rglob("*.py")]:
        if path.parent == PACKAGE / "compose":
            continue
        for name in imports(path):
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


def test_discovering_the_plugin_loads_nothing_of_the_package(python) -> None:
    code = """
import sys
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
print([cls.__name__ for cls in Plugins.instance().discover(Sweeper)])
print([name for name in sys.modules if name.partition(".")[0] in ("params_proto", "pandas")])
"""
    found, loaded = python("-c", code).stdout.splitlines()

    assert "ParamsProtoSweeper" in found
    assert loaded == "[]"


def test_contributing_names_every_module() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    names = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()}

    assert {name for name in names if not re.search(rf"\b{name}\b", text)} == set()
    assert set().union(*LAYERS.values()) == names  # none is left of a removed module


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
