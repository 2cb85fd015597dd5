"""What changes from job to job: resolvers' results, the environment, the working directory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from tests.compose.loaders import resolver

_turns = 0


def turn(folders: Sequence[Path]) -> None:
    """Advances to the next job."""
    global _turns
    _turns += 1
    os.environ["TURN"] = str(_turns)
    os.chdir(folders[_turns % len(folders)])


def register() -> None:
    """Registers the resolvers of the trees."""
    for name, function in {
        "turn": lambda *_: _turns,
        "parity": lambda *_: str(_turns % 2),
        "turn_list": lambda *_: [_turns, {"a": _turns}],
        "turn_map": lambda *_: OmegaConf.create({"turn": _turns, "port": 1}),
        "plus": lambda left, right: left + right,
        "named": lambda name, _parent_: f"{name} in {sorted(map(str, _parent_))}",
        "rooted": lambda key, _root_: len(OmegaConf.select(_root_, key) or ()),
    }.items():
        resolver(name, function)
    resolver("cached_turn", lambda *_: _turns, use_cache=True)
    resolver("cached_list", lambda *_: [_turns], use_cache=True)
