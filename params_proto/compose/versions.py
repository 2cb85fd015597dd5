"""What is used of Hydra's private code, and where its versions differ. No version is looked at."""

from __future__ import annotations

import inspect
from operator import attrgetter
from typing import Any

from hydra._internal import config_loader_impl, config_repository, defaults_list

# The arguments with which each is called, or which Hydra gives it where it is overridden.
_TAKES = {
    config_loader_impl: {
        "ConfigLoaderImpl.ensure_main_config_source_available": "self",
        "ConfigLoaderImpl._process_config_searchpath": "self config_name parsed_overrides repo",
        "ConfigLoaderImpl._compose_config_from_defaults_list": "self defaults repo",
        "ConfigLoaderImpl._load_single_config": "self default repo",
        "ConfigLoaderImpl._apply_overrides_to_config": "overrides cfg",
        "ConfigLoaderImpl.load_sweep_config": "self master_config sweep_overrides",
    },
    config_repository: {
        "CachingConfigRepository": "delegate",
        "ConfigRepository": "config_search_path",
        "ConfigRepository.initialize_sources": "self config_search_path",
        "ConfigRepository.load_config": "self config_path",
    },
    defaults_list: {
        "Overrides": "repo overrides_list",
        "create_defaults_list": "repo config_name overrides_list prepend_hydra skip_missing",
    },
}

_loader: Any = config_loader_impl.ConfigLoaderImpl

# Hydra 1.3's; Hydra 1.4 has a resolver for it.
overrides_dirname: Any = getattr(config_loader_impl, "get_overrides_dirname", None)
# Hydra 1.4's.
ensure_unchanged: Any = getattr(_loader, "_ensure_sweep_config_controller_unchanged", None)


def unmet() -> str | None:
    """What this Hydra does not have, or has with other arguments; None where all is there."""
    for module, functions in _TAKES.items():
        for name, arguments in functions.items():
            try:
                function = attrgetter(name)(module)
                inspect.signature(function).bind(**dict.fromkeys(arguments.split()))
            except (AttributeError, TypeError) as error:
                return f"{module.__name__}.{name} is not what it was ({error})"
    return None


def has_aliases(loader: Any, config_name: str | None) -> bool:
    """Whether overrides of a command line are not what they say, as from Hydra 1.4 on."""
    read = getattr(loader, "get_override_aliases", None)
    return read is not None and bool(read(config_name).targets)
