"""The format strings of `derive`: whole keys in braces, with an optional format spec.

`str.format` reads `{model.lr}` as an attribute and would follow `{lr.__class__}`; here
the text in the braces is always a key of the config.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from params_proto._text import stable_repr
from params_proto.errors import SweepError, did_you_mean, short_repr


def field_names(template: str) -> list[str]:
    """The keys that a template reads, in order.

    >>> field_names("{model.lr:.0e}-{bs}")
    ['model.lr', 'bs']
    """
    return [key for _, key, _ in _parse(template) if key is not None]


def format_config(template: str, config: Mapping[str, Any], name: str) -> str:
    """The template's text for one config; `name` is the derived key, for messages.

    >>> format_config("{model.lr:.0e}-{bs}", {"model.lr": 0.001, "bs": 32}, "name")
    '1e-03-32'
    """
    parts: list[str] = []
    for literal, key, spec in _parse(template):
        parts.append(literal)
        if key is None:
            continue
        if key not in config:
            raise SweepError(
                f"derive({name}={short_repr(template)}): the config {short_repr(dict(config))}"
                f" has no key {key}.{did_you_mean(key, config)}"
            )
        value = config[key]
        try:
            # A collection has no format spec, and a set's own text differs between processes.
            is_collection = not spec and type(value) in (list, tuple, dict, set, frozenset)
            parts.append(stable_repr(value) if is_collection else format(value, spec))
        except (TypeError, ValueError, OverflowError) as error:
            raise SweepError(
                f"derive({name}={short_repr(template)}): {key}={short_repr(config[key])} does not"
                f" take the format {short_repr(spec)}: {error}."
            ) from error
    return "".join(parts)


def rename_fields(template: str, name: Callable[[str], str]) -> str:
    """The template with renamed keys.

    >>> rename_fields("{{lr}}={lr:.0e}", {"lr": "+lr"}.__getitem__)
    '{{lr}}={+lr:.0e}'
    """
    parts: list[str] = []
    for literal, key, spec in _parse(template):
        parts.append(literal.replace("{", "{{").replace("}", "}}"))
        if key is not None:
            parts.append(f"{{{name(key)}:{spec}}}" if spec else f"{{{name(key)}}}")
    return "".join(parts)


@lru_cache
def _parse(template: str) -> list[tuple[str, str | None, str]]:
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError as error:
        raise SweepError(
            f"{short_repr(template)} is not a format string: {error}. Write a key in braces,"
            " {lr} or {lr:.0e}, and {{ or }} for a brace."
        ) from error
    for _, key, spec, conversion in fields:
        if key is not None and (not key.strip() or conversion or "{" in str(spec)):
            raise SweepError(
                f"{short_repr(template)}: braces hold one whole key and an optional format spec,"
                " {lr} or {model.lr:.0e}."
            )
    return [(literal, key, spec or "") for literal, key, spec, _ in fields]
