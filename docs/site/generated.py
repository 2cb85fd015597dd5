"""Generates the pages in docs/ that come from code: `python -m docs.site.generated`.

They are kept in docs/, where GitHub shows them; a test compares them with what is generated here.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable
from pathlib import Path

from omegaconf import OmegaConf

from hydra_plugins.params_proto_sweeper.config import ParamsProtoSweeperConf
from params_proto.cli.show import schema

DOCS = Path(__file__).parents[1]
_OPTIONS = """\
# Sweeper options

Options of the sweeper, `hydra.sweeper.*`, for the command line or a config. They need `-m` and
`hydra/sweeper=params_proto`, which is the default in apps of `@proto.cli`. Without `-m`, an app of
`@proto.cli` rejects them, but an app of `@hydra.main` silently [runs one
job](existing-project.md#choosing-the-sweeper).

{table}
For examples, see [Existing Hydra projects](existing-project.md) (`zip`, `slice`, `overwrite`),
[Sweep files and configs](sweep-configs.md) (`sweep`, `params`, and their precedence), [Differences
from the basic sweeper](basic-sweeper.md#composed-configs) (`compose`), [Resuming](resuming.md)
(`resume`, `rerun`, `resume_changed`, `max_failures`, `retries`, `timeout`, `dry_run`) and
[Results](results.md) (`progress`, `metric`, `direction`). [`Sweep.launch`](launch.md#options) has
most of them as arguments.
"""
_STEPS = """\
# Sweep steps

A sweep file, or a config below `hydra.sweeper.sweep`, is a mapping of steps, which are applied in
order, or a list of mappings if a step occurs twice. The steps are the methods of
[`Sweep`](../README.md#the-algebra), and `Sweep.save` writes them. Editors show the same
descriptions with the [JSON schema](editors.md).

{table}"""


def pages() -> dict[str, str]:
    """The pages by name, as they should be."""
    options = _table(["option", "default", "description"], _options())
    steps = _table(["step", "description", "example"], _steps())
    return {
        "options.md": _OPTIONS.format(table=options),
        "steps.md": _STEPS.format(table=steps),
    }


def _options() -> Iterable[list[str]]:
    """The options below each comment, their default, and the comment's text."""
    defaults = OmegaConf.to_container(OmegaConf.structured(ParamsProtoSweeperConf))
    assert isinstance(defaults, dict)
    # a comment of some lines, and the options up to the next one
    said = r"((?: +# .*\n)+)((?: +\w+: .*\n)+)"
    for comment, below in re.findall(said, inspect.getsource(ParamsProtoSweeperConf)):
        names = re.findall(r"^ +([a-z]\w*): ", below, re.MULTILINE)
        if names:
            text = " ".join(re.findall(r"# (.*)", comment))
            default = _code(json.dumps(defaults[names[0]]))
            yield [", ".join(map(_code, names)), default, text]


def _steps() -> Iterable[list[str]]:
    """The steps, and the two parts of their descriptions."""
    for name, step in json.loads(schema())["definitions"]["steps"]["properties"].items():
        text, _, example = step["description"].partition("\n\n")
        yield [_code(name), text, _code(example)]


def _code(text: str) -> str:
    return f"`{text}`"


def _table(headings: list[str], rows: Iterable[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join([f"| {' | '.join(line)} |\n" for line in lines])


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, "utf-8")
