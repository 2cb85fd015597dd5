"""The page: markup, style, scripts and figures in one text."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from string import Template

from params_proto._text import pluralize
from params_proto.errors import SweepError
from params_proto.report.contents import Contents
from params_proto.report.markup import (
    about,
    embed_json,
    escape_html,
    failures,
    file,
    head,
    rows,
    swept,
)

_SCRIPTS = ("data.js", "table.js", "scales.js", "figures.js", "page.js")


def page(contents: Contents) -> str:
    """A sweep as a self-contained HTML page."""
    scripts = [_plotly(), "\n".join(_static(name) for name in _SCRIPTS)]
    scripts = [script.replace("</script", r"<\/script") for script in scripts]
    hashes = [hashlib.sha256(script.encode()).digest() for script in scripts]
    columns = contents.columns
    return Template(_static("page.html")).substitute(
        # Only the scripts with these hashes may run, so no text from a job can.
        # Plotly compiles its line drawing code, which needs 'unsafe-eval'.
        policy=" ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes),
        title=escape_html(contents.directory.resolve().name),
        directory=escape_html(str(contents.directory)),
        style=_static("page.css"),
        about=about(contents),
        swept=swept(columns),
        file=file(contents.sweep),
        head=head(columns),
        rows=rows(columns),
        jobs=pluralize(len(contents.configurations)),
        failures=failures(contents.failures, columns),
        data=embed_json(
            {
                "again": "Run it again" if contents.plan.script else "Overrides",
                "commands": contents.commands,
                "metric": contents.metric,
                "configurations": contents.configurations,
                "columns": [column.plotted() for column in columns],
            }
        ),
        plotly=scripts[0],
        script=scripts[1],
    )


def _plotly() -> str:
    try:
        from plotly.offline import (  # pyright: ignore[reportMissingTypeStubs]
            get_plotlyjs,  # pyright: ignore[reportUnknownVariableType]
        )
    except ModuleNotFoundError as error:
        raise SweepError(
            "The report needs Plotly, which is not installed here:"
            " pip install 'hydra-params-proto[report]'."
        ) from error
    return str(get_plotlyjs())


def _static(name: str) -> str:
    return (files("params_proto.report") / "static" / name).read_text("utf-8")
