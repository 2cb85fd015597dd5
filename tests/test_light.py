"""The nodes of the sweeper's options: they are copied in a way of their own, and else are plain."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from hydra.core.config_store import ConfigNode, ConfigStore
from omegaconf import AnyNode, BooleanNode, FloatNode, IntegerNode, OmegaConf, StringNode
from omegaconf.errors import ConfigKeyError, ReadonlyConfigError, ValidationError

from hydra_plugins.params_proto_sweeper import _config
from hydra_plugins.params_proto_sweeper._light import light


@pytest.fixture
def options() -> Any:
    return OmegaConf.merge({}, {"sweeper": _config.options()}).sweeper


def test_a_copy_is_apart(options: Any) -> None:
    copied = copy.deepcopy(options)
    assert OmegaConf.to_container(copied) == OmegaConf.to_container(options)
    copied.retries = 3
    copied.sweep = {"product": {"lr": [1]}}
    copied._get_node("timeout")._set_flag("readonly", True)
    assert (options.retries, options.sweep) == (0, None)
    options.timeout = 2.5
    with pytest.raises(ReadonlyConfigError):
        copied.timeout = 2.5
    again = copy.deepcopy(copied)
    with pytest.raises(ReadonlyConfigError):
        again.timeout = 1.0
    again._get_node("timeout")._set_flag("readonly", False)
    again.timeout = 1.0
    assert (copied.timeout, copied._get_node("timeout")._get_flag("readonly")) == (None, True)


@pytest.mark.parametrize(
    ("kind", "default", "plain"),
    [
        (Any, None, AnyNode),
        (bool, False, BooleanNode),
        (int, 0, IntegerNode),
        (float, None, FloatNode),
        (str, "cached", StringNode),
    ],
)
def test_another_process_has_plain_nodes(kind: Any, default: Any, plain: type) -> None:
    node = light(kind, default)
    assert isinstance(node, plain)
    assert type(pickle.loads(pickle.dumps(node))) is plain
    assert pickle.loads(pickle.dumps(node))._value() == node._value() == default
    assert type(copy.deepcopy(node)) is type(node)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("retries", None),
        ("retries", "many"),
        ("overwrite", "maybe"),
        ("timeout", "long"),
        ("max_failures", 1.5),
    ],
)
def test_values_of_another_type_are_refused(options: Any, key: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        copy.deepcopy(options)[key] = value


def test_other_options_are_refused(options: Any) -> None:
    with pytest.raises(ConfigKeyError, match="Key 'metrc' not in"):
        OmegaConf.merge({"sweeper": options}, {"sweeper": {"metrc": "loss"}})
    merged = OmegaConf.merge({"sweeper": options}, {"sweeper": {"sweep": {"chain": []}}})
    assert OmegaConf.to_object(merged)["sweeper"]["sweep"] == {"chain": []}


def test_the_option_is_a_config_like_any_other(plugins: None) -> None:
    store = ConfigStore.instance()
    first, second = (store.load("hydra/sweeper/params_proto.yaml") for _ in range(2))
    assert type(first) is type(second) is ConfigNode
    assert first.node == _config.options()
    assert first.provider == "hydra-params-proto"
    first.node.retries = 7
    assert second.node.retries == store.load("hydra/sweeper/params_proto.yaml").node.retries == 0


def test_the_store_goes_to_a_process_without_the_plugin(plugins: None) -> None:
    pickled = cloudpickle.dumps(ConfigStore.instance().repo["hydra"]["sweeper"])
    assert b"params_proto_sweeper.found" not in pickled
    option = pickle.loads(pickled)["params_proto.yaml"]
    assert (option.name, option.node.retries) == ("params_proto.yaml", 0)


def test_a_process_that_is_given_a_node_can_make_the_sweeper_of_it(
    plugins: None, tmp_path: Path, python: Any
) -> None:
    node = ConfigStore.instance().load("hydra/sweeper/params_proto.yaml").node
    (tmp_path / "node").write_bytes(pickle.dumps(node))
    code = "import pickle; print(pickle.load(open('node', 'rb'))._target_)"
    assert python("-c", code).stdout.endswith(".sweeper.ParamsProtoSweeper\n")


def test_a_test_puts_back_what_it_found(tmp_path: Path, python: Any) -> None:
    (tmp_path / "test_app.py").write_text(
        "import pytest\n"
        "from hydra import compose, initialize\n"
        "from hydra.core.plugins import Plugins\n"
        "\n"
        "Plugins.instance()  # without, Hydra 1.4 itself has no options in the second test\n"
        "\n"
        "@pytest.mark.parametrize('time', [1, 2])\n"
        "def test_app(hydra_restore_singletons, time):\n"
        "    with initialize(config_path=None, version_base=None):\n"
        "        chosen = ['hydra/sweeper=params_proto']\n"
        "        config = compose(overrides=chosen, return_hydra_config=True)\n"
        "    assert config.hydra.sweeper._target_.endswith('.ParamsProtoSweeper')\n"
    )
    assert "2 passed" in python("-m", "pytest", "-q", "test_app.py").stdout
