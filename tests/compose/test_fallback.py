"""Hydra composes what the cached loader does not support; one log line says why."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.object_type import ObjectType
from hydra.errors import CompactHydraException
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import OmegaConf

from params_proto.compose import cached_loader
from tests.compose.loaders import Compositions, append, hydras, write

pytestmark = pytest.mark.usefixtures("plugins", "hydra_restore_singletons")


class OwnLoader(ConfigLoaderImpl):
    """The loader of another plugin."""


class OwnSource(ConfigSource):
    """Another plugin's source, which gives a different config each time."""

    given = 0

    @staticmethod
    def scheme() -> str:
        return "own"

    def load_config(self, config_path: str) -> ConfigResult:
        OwnSource.given += 1
        config = OmegaConf.create({"given": OwnSource.given})
        return ConfigResult(self.provider, f"own://{config_path}", config, {"package": None})

    def available(self) -> bool:
        return True

    def is_group(self, config_path: str) -> bool:
        return config_path == "from"

    def is_config(self, config_path: str) -> bool:
        return config_path in ("from/own", "from/own.yaml")

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        return ["own"] if config_path == "from" else []


@pytest.fixture
def own_source() -> None:
    OwnSource.given = 0
    SourcesRegistry.instance().register(OwnSource)


def test_a_hydra_without_a_private_function(
    conf: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loader = hydras(conf)
    caplog.set_level(logging.INFO)
    monkeypatch.delattr(ConfigLoaderImpl, "_load_single_config")
    assert cached_loader(loader) is loader
    assert "Hydra has no ConfigLoaderImpl._load_single_config" in caplog.text


def test_a_hydra_whose_private_function_takes_other_arguments(
    multirun: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ConfigLoaderImpl._load_configuration_impl

    def renamed(loader: Any, /, **arguments: Any) -> Any:
        return own(loader, **arguments)

    monkeypatch.setattr(ConfigLoaderImpl, "_load_configuration_impl", renamed)
    counted = Compositions()
    assert [config["seed"] for config in multirun("seed=1,2,3").values] == [1, 2, 3]
    assert capsys.readouterr().out.count("All configs are composed by Hydra from here on") == 1
    assert counted.from_prefixes == 0


def test_another_loader(conf: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    loader = OwnLoader(hydras(conf).config_search_path)
    assert cached_loader(loader) is loader
    assert "the config loader is a OwnLoader" in caplog.text


def test_another_source(conf: Path, own_source: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    loader = hydras(conf)
    path = loader.config_search_path
    path.append("other", "own://somewhere")
    loader = ConfigLoaderImpl(path)
    assert cached_loader(loader) is loader
    assert "OwnSource" in caplog.text


ROOT = Path(__file__).resolve().parents[2]
APP = f"""
import sys

import hydra
import omegaconf
from hydra._internal import config_loader_impl

number = ".".join(hydra.__version__.split(".")[:2] + ["99"])
hydra.__version__ = config_loader_impl.__version__ = number
omegaconf.__version__ = ".".join(omegaconf.__version__.split(".")[:2] + ["99"])

@hydra.main(config_path=None)
def main(config):
    print("job", config.x)

sys.path.append({str(ROOT)!r})
from tests.compose.counting import counts

main()
print(dict(counts))
"""


def test_no_version_is_looked_at(tmp_path: Path, python: Any) -> None:
    (tmp_path / "app.py").write_text(APP)
    done = python("app.py", "-m", "hydra/sweeper=params_proto", "+x=1,2,3")
    assert done.stdout.splitlines()[-1] == "{'from_prefixes': 6}"


def test_the_option(multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CompactHydraException, match="compose=fast: it is `cached`"):
        multirun("seed=1,2", "hydra.sweeper.compose=fast")
    assert not (app / "out").exists() or not list((app / "out").iterdir())
    counted = Compositions()
    run = multirun("seed=1,2,3", "hydra.sweeper.compose=hydra")
    assert [config["seed"] for config in run.values] == [1, 2, 3]
    assert "composed by Hydra" not in capsys.readouterr().out
    assert (counted.from_prefixes, counted.by_hydra) == (0, 0)
    assert not (run.directory / ".sweep" / "configs").exists()


def test_another_source_on_the_search_path_of_the_config(
    multirun: Any, app: Path, own_source: None
) -> None:
    append(app / "conf", "hydra: {searchpath: ['own://somewhere']}\n")
    values = multirun("+from=own", "seed=1,2,3").values
    given = [value["from"]["given"] for value in values]
    assert given == [*range(OwnSource.given - 2, OwnSource.given + 1)]


def test_an_interpolation_in_the_search_path(
    multirun: Any, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(app / "more", {"far/one": "port: 7\n"})
    monkeypatch.setenv("MORE", str(app / "more"))
    append(app / "conf", "hydra: {searchpath: ['file://${oc.env:MORE}']}\n")
    counted = Compositions()
    assert [value["far"]["port"] for value in multirun("+far=one", "seed=1,2").values] == [7, 7]
    assert counted.by_hydra == 0
