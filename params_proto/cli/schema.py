"""`params-proto schema`."""

from __future__ import annotations

from importlib.resources import files


def run() -> str:
    """The JSON schema of sweep files, which an editor checks and completes them by.

    >>> run().splitlines()[2]
    '  "title": "A sweep of hydra-params-proto",'
    """
    return files("params_proto.storage").joinpath("sweep.schema.json").read_text("utf-8").rstrip()
