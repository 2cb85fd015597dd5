"""Files are written atomically; other kinds of files are refused."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from params_proto import Sweep, SweepError
from tests.conftest import files_of_at_most

SUFFIXES = [".yaml", ".jsonl", ".csv"]
SWEEP = Sweep().product(a=[1, 2], b=["x"])


@pytest.mark.parametrize("name", ["sweep", "sweep.yml", "sweep.json", "sweep.YAML", ".yaml"])
def test_another_suffix_names_the_three(name: str, tmp_path: Path) -> None:
    message = rf"{name}: a sweep's file ends with \.yaml .*\.jsonl or \.csv"
    with pytest.raises(SweepError, match=message):
        SWEEP.save(tmp_path / name)
    (tmp_path / name).write_text("repeat: 2")
    with pytest.raises(SweepError, match=message):
        Sweep.load(tmp_path / name)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_is_not_there_is_named(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"dir{suffix}").mkdir()
    for name, reason in (
        (tmp_path / f"nowhere/s{suffix}", "No such file"),
        (tmp_path / f"dir{suffix}", "Is a directory"),
        (f"a\0{suffix}", ".*null"),
    ):
        with pytest.raises(SweepError, match=f"{suffix} cannot be read: {reason}"):
            Sweep.load(name)
        with pytest.raises(SweepError, match=f"{suffix} cannot be written: {reason}"):
            SWEEP.save(name)


# --- whole or not at all


def test_a_file_keeps_its_permissions_and_a_new_one_has_those_of_any(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    (tmp_path / "any").touch()
    SWEEP.save(path)
    assert path.stat().st_mode == (tmp_path / "any").stat().st_mode
    path.chmod(0o640)
    SWEEP.save(str(path))

    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert Sweep.load(str(path)) == SWEEP


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/real.yaml").touch()
    (tmp_path / "link.yaml").symlink_to("data/real.yaml")
    SWEEP.save(tmp_path / "link.yaml")

    assert (tmp_path / "link.yaml").readlink() == Path("data/real.yaml")
    assert Sweep.load(tmp_path / "data/real.yaml") == SWEEP


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.parametrize("error", [OSError("mine"), KeyboardInterrupt()])
def test_what_a_users_function_raises_passes_and_leaves_the_old_file(
    error: BaseException, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"sweep{suffix}"
    path.write_text("before")
    configs = iter(range(10**6))

    def fail(config: dict[str, int]) -> int:
        if next(configs) == 1500:
            raise error
        return 1

    sweep = Sweep().product(a=range(2000)).derive(b=fail)
    with pytest.raises(type(error)) as caught:
        sweep.save(path)
    assert caught.value is error
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "before"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "sweep.jsonl"
    path.write_text("before")
    large = Sweep().product(a=range(10_000))
    message = r"sweep.jsonl cannot be written: File too large"
    with files_of_at_most(500), pytest.raises(SweepError, match=message):
        large.save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["sweep.jsonl"]
    assert path.read_text() == "before"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
def test_a_process_killed_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "sweep.jsonl"
    SWEEP.save(path)
    script = f"""
        import os, signal
        from params_proto import Sweep

        def late(config):
            if config["a"] == 90_000:
                os.kill(os.getpid(), signal.SIGKILL)
            return "x" * 20

        Sweep().product(a=range(100_000)).derive(b=late).save({str(path)!r})
    """
    done = subprocess.run([sys.executable, "-c", dedent(script)], check=False)

    assert done.returncode == -signal.SIGKILL
    assert list(Sweep.load(path)) == list(SWEEP)
    SWEEP.repeat(2).save(path)  # leftovers of the killed process do not get in the way
    assert len(Sweep.load(path)) == 2 * len(SWEEP)


# --- what is imported


def test_files_need_no_pandas_and_frames_no_yaml(tmp_path: Path) -> None:
    script = """
        import sys
        from params_proto import Sweep

        sweep = Sweep().product(a=[1, 2])
        for suffix in (".yaml", ".jsonl", ".csv"):
            sweep.save("sweep" + suffix)
            assert list(Sweep.load("sweep" + suffix)) == list(sweep)
        assert not {"hydra", "omegaconf", "pandas", "numpy"} & sys.modules.keys()
    """
    subprocess.run([sys.executable, "-c", dedent(script)], cwd=tmp_path, check=True)
