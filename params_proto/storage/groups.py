"""The options of config groups, outside a Hydra run: the files of a directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from params_proto.errors import SweepError, did_you_mean

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.object_type import ObjectType


def options_in(config_dir: str | os.PathLike[str]) -> ConfigLoader:
    """What lists the options of the config groups in a directory, as Hydra's `glob` asks for them.

    Args:
        config_dir: a directory of config groups: `model/small.yaml` is an option `small`.

    Raises:
        SweepError: there is no such directory.
    """
    root = Path(config_dir)
    if not root.is_dir():
        raise SweepError(f"config_dir={str(config_dir)!r} is no directory.")
    return cast("ConfigLoader", _Directory(root))


class _Directory:
    """The one part of Hydra's ConfigLoader that a `glob` needs."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get_group_options(
        self, group_name: str, results_filter: ObjectType | None = None
    ) -> list[str]:
        """The options of a config group, or the groups in it.

        Raises:
            SweepError: the directory has no such group.
        """
        from hydra.core.object_type import ObjectType

        group = self._root / group_name
        if not group.is_dir():
            groups = sorted(each.name for each in self._root.iterdir() if each.is_dir())
            raise SweepError(
                f"there is no config group {group_name} in {self._root}."
                f"{did_you_mean(group_name, groups)}"
            )
        if results_filter is ObjectType.GROUP:
            return sorted(each.name for each in group.iterdir() if each.is_dir())
        return sorted(file.stem for file in group.glob("*.yaml") if file.is_file())
