"""The wheel: its files, and that Hydra finds the sweeper with only the wheel installed."""

from __future__ import annotations

import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.versions import HYDRA_1_3

ROOT = Path(__file__).resolve().parents[1]

PLAIN = """\
import hydra

@hydra.main(version_base=None, config_path=None, config_name=None)
def main(cfg):
    print("job", cfg)

main()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist as a release builds it."""
    from build.__main__ import main  # the import is slow

    folder = tmp_path_factory.mktemp("dist")
    with pytest.MonkeyPatch.context() as patch:
        # the backend's own processes must not open a coverage report
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        main([str(ROOT), "--no-isolation", "--quiet", "--outdir", str(folder)], prog="build")
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_both_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = Parser().parsestr(
            archive.read("hydra_params_proto-0.1.0.dist-info/METADATA").decode()
        )

    sources = {
        path.relative_to(ROOT).as_posix()
        for package in ("params_proto", "hydra_plugins")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".json", ".html", ".css", ".js") or path.name == "py.typed"
    }
    assert {name for name in names if ".dist-info/" not in name} == sources
    assert {"params_proto/py.typed", "hydra_plugins/params_proto_sweeper/py.typed"} <= names
    assert "hydra_plugins/__init__.py" not in names  # it would hide every other plugin
    assert "hydra_params_proto-0.1.0.dist-info/licenses/LICENSE" in names

    assert metadata["Name"] == "hydra-params-proto"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    needed = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert sorted(line.split(">")[0].lower() for line in needed) == [
        "cloudpickle",
        "docstring-parser",
        "hydra-core",
        "numpy",
        "omegaconf",
        "pandas",
        "pyyaml",
        "rich",
    ]
    assert set(metadata.get_all("Provides-Extra", [])) == {
        *("demo", "joblib", "submitit", "ray", "report", "dev")
    }


EDITABLE = f"""\
import importlib.util
import sys
from pathlib import Path

root = Path({str(ROOT)!r})


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in ("params_proto", "hydra_plugins.params_proto_sweeper"):
            folder = root.joinpath(*name.split("."))
            return importlib.util.spec_from_file_location(
                name, folder / "__init__.py", submodule_search_locations=[str(folder)]
            )


sys.path[:] = [path for path in sys.path if Path(path).resolve() != root]
sys.meta_path.append(Finder)

"""


def test_an_entry_point_alone_registers_the_sweeper(tmp_path: Path, python) -> None:
    """An editable install may have a namespace package that can be imported but not listed."""
    (tmp_path / "plain.py").write_text(EDITABLE + PLAIN)
    command = ["plain.py", "-m", "hydra/sweeper=params_proto", "+x=1,2"]
    if HYDRA_1_3:  # which finds plugins by listing
        done = python(*command, status=1)
        assert "Could not find 'hydra/sweeper/params_proto'" in done.stderr
        return
    printed = python(*command).stdout.splitlines()
    assert [line for line in printed if line.startswith("job")] == ["job {'x': 1}", "job {'x': 2}"]


def test_the_entry_point_is_the_sweeper(python) -> None:
    done = python(
        "-c",
        "from importlib.metadata import entry_points\n"
        "from hydra.core.config_store import ConfigStore\n"
        "(found,) = entry_points(group='hydra.plugins', name='params_proto')\n"
        "print(found.load().__name__, ConfigStore.instance().list('hydra/sweeper'))\n",
    )
    assert done.stdout == "ParamsProtoSweeper ['params_proto.yaml']\n"
