"""A prefix class of another module than the app's."""

from pathlib import Path

from params_proto import proto


@proto.prefix
class Data:
    path: Path = Path("here")
    batch_size: int = 32
