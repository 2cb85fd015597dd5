"""What is used of Hydra's private code: which names there must be, and what they must take."""

from __future__ import annotations

import inspect
from operator import attrgetter

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
    },
    defaults_list: {
        "Overrides": "repo overrides_list",
        "create_defaults_list": "repo config_name overrides_list prepend_hydra skip_missing",
    },
}


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
