"""Pages of docs/ that say what the code says of itself: `python -m docs.site.generated`.

They are kept in docs/, where GitHub shows them; a test holds them equal to what is made here.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable
from pathlib import Path

from omegaconf import OmegaConf

from hydra_plugins.params_proto_sweeper.config import ParamsProtoSweeperConf
from params_proto.cli import schema

DOCS = Path(__file__).parents[1]
_OPTIONS = """\
# Options of the sweeper

`hydra.sweeper.*`, on the command line or in a config, once the sweeper is chosen with
`hydra/sweeper=params_proto`; an app of `@proto.cli` has chosen it already. The texts are the
comments of `hydra_plugins/params_proto_sweeper/config.py`.

They need `-m`. Given on the command line without it they are an error in an app of `@proto.cli`,
while an app of `@hydra.main` [runs one job](existing-project.md#choosing-the-sweeper).

{table}
[A Hydra project that you have](existing-project.md) shows `sweep`, `params`, `zip`, `slice`,
`compose` and `overwrite` at work, and what wins where a key stands twice;
[A sweep that survives](survives.md) `resume`, `rerun`, `resume_changed`, `max_failures`, `retries`,
`timeout` and `dry_run`; the [tutorial](tutorial.md#how-far-it-is) `progress`, `metric` and
`direction`. [`Sweep.launch`](launch.md#options) has most of them as arguments.
[The steps](steps.md) of `sweep` have a page of their own.
"""
_STEPS = """\
# The steps of a sweep

A sweep in a file, or in a config below `hydra.sweeper.sweep`, is a mapping of steps, which act in
the order in which they stand; a list of such mappings where a step occurs twice. They are the
methods of [`Sweep`](../README.md#the-algebra), and what `Sweep.save` writes. The texts are those of
the [JSON schema](editors.md), by which an editor shows them.

{table}"""


def pages() -> dict[str, str]:
    """The pages by name, as they should be."""
    options = _table(["option", "default", "what it says"], _options())
    steps = _table(["step", "what it does", "as in"], _steps())
    return {
        "options.md": _OPTIONS.format(table=options),
        "steps.md": _STEPS.format(table=steps),
    }


def _options() -> Iterable[list[str]]:
    """The options that stand together below a comment, their default, and the comment's text."""
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
    for name, step in json.loads(schema.run())["definitions"]["steps"]["properties"].items():
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
