"""Files whole or not at all; other files are refused."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from params_proto import Sweep, SweepError

SUFFIXES = [".yaml", ".jsonl", ".csv"]
SWEEP = Sweep().product(a=[1, 2], b=["x"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_path_may_be_text_or_a_path(suffix: str, tmp_path: Path) -> None:
    SWEEP.save(str(tmp_path / f"one{suffix}"))
    SWEEP.save(tmp_path / f"other{suffix}")

    assert list(Sweep.load(str(tmp_path / f"other{suffix}"))) == list(SWEEP)
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"other{suffix}").read_bytes()


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
    with pytest.raises(SweepError, match=rf"nowhere/s{suffix} cannot be read: No such file"):
        Sweep.load(tmp_path / f"nowhere/s{suffix}")
    with pytest.raises(SweepError, match=rf"nowhere/s{suffix} cannot be written: No such file"):
        SWEEP.save(tmp_path / f"nowhere/s{suffix}")
    (tmp_path / f"dir{suffix}").mkdir()
    with pytest.raises(SweepError, match=rf"dir{suffix} cannot be read: Is a directory"):
        Sweep.load(tmp_path / f"dir{suffix}")
    with pytest.raises(SweepError, match=rf"dir{suffix} cannot be written: Is a directory"):
        SWEEP.save(tmp_path / f"dir{suffix}")
    with pytest.raises(SweepError, match=r"cannot be read: .*null"):
        Sweep.load(f"a\0{suffix}")
    with pytest.raises(SweepError, match=r"cannot be written: .*null"):
        SWEEP.save(f"a\0{suffix}")


# --- whole or not at all


def test_a_file_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.touch()
    path.chmod(0o640)
    SWEEP.save(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert Sweep.load(path) == SWEEP


def test_a_new_file_has_those_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "any").touch()
    SWEEP.save(tmp_path / "sweep.yaml")

    assert (tmp_path / "sweep.yaml").stat().st_mode == (tmp_path / "any").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/real.yaml").touch()
    (tmp_path / "link.yaml").symlink_to("data/real.yaml")
    SWEEP.save(tmp_path / "link.yaml")

    assert (tmp_path / "link.yaml").readlink() == Path("data/real.yaml")
    assert Sweep.load(tmp_path / "data/real.yaml") == SWEEP
    (tmp_path / "round.yaml").symlink_to("round.yaml")
    with pytest.raises(
        SweepError, match=r"round.yaml cannot be written: Too many levels of symbolic"
    ):
        SWEEP.save(tmp_path / "round.yaml")


@pytest.fixture
def folder_of_all() -> Iterator[Path]:
    """A folder that everybody reaches; who is root goes there as nobody."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions are those of POSIX")
    with tempfile.TemporaryDirectory() as made:
        user = os.geteuid()
        if user == 0:
            os.chmod(made, 0o777)
            os.seteuid(65534)
        try:
            yield Path(made)
        finally:
            os.seteuid(user)
            os.chmod(made, 0o777)


def test_what_may_not_be_written_or_read_is_named(folder_of_all: Path) -> None:
    path = folder_of_all / "sweep.yaml"
    SWEEP.save(path)
    before = path.read_text()

    path.chmod(0o444)
    with pytest.raises(SweepError, match=r"sweep.yaml cannot be written: Permission denied"):
        SWEEP.repeat(2).save(path)
    assert path.read_text() == before
    path.chmod(0o200)
    with pytest.raises(SweepError, match=r"sweep.yaml cannot be read: Permission denied"):
        Sweep.load(path)
    (folder_of_all / "closed").mkdir(mode=0o555)
    with pytest.raises(SweepError, match=r"a.csv cannot be written: Permission denied"):
        SWEEP.save(folder_of_all / "closed/a.csv")
    assert sorted(file.name for file in folder_of_all.rglob("*")) == ["closed", "sweep.yaml"]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.parametrize("error", [OSError("mine"), KeyboardInterrupt(), ZeroDivisionError()])
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


@pytest.mark.parametrize("size", [10_000, 100], ids=["while it is written", "at its end"])
def test_a_full_disk_leaves_the_old_file(size: int, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="the limit of a file's size is POSIX's")
    path = tmp_path / "sweep.jsonl"
    path.write_text("before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        with pytest.raises(SweepError, match=r"sweep.jsonl cannot be written: File too large"):
            Sweep().product(a=range(size)).save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert [file.name for file in tmp_path.iterdir()] == ["sweep.jsonl"]
    assert path.read_text() == "before"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_a_process_killed_in_the_middle_leaves_the_old_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"sweep{suffix}"
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
    SWEEP.repeat(2).save(path)  # what the killed process left is in nobody's way
    assert len(Sweep.load(path)) == 2 * len(SWEEP)


def test_many_who_write_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv"
    sweeps = [Sweep().product(a=range(300)).set(b=n) for n in range(8)]
    threads = [threading.Thread(target=sweep.save, args=(path,)) for sweep in sweeps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(Sweep.load(path)) in [list(sweep) for sweep in sweeps]
    assert list(tmp_path.iterdir()) == [path]


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


# --- any bytes at all

SEEDS = [
    b'product: {lr: [0.001, 0.01], a: "range(1,5)", m: "x,y"}\nzip: {b: [1, 2], c: [x, !tuple [1]]}'
    b'\nset: {p: !path a/b}\nrepeat: 3\nexclude: {b: 1}\nderive: {n: "lr{lr:.2e}"}\n'
    b'shuffle: {seed: 0}\nsample: {n: 2, seed: 0}\nslice: "0:2"\n',
    b"chain:\n- &base {lr: 0.1, bs: 3}\n- <<: *base\n  lr: 3\ncross: {product: {m: [1]}}\n",
    b"prefix: t\nconcat:\n- product: {a: [1]}\n- - chain: [{a: 1}]\n  - repeat: 2\n  - repeat: 2\n",
    b'{"lr": 0.1, "l": [1, {"a": NaN}]}\n\n{"s": "\\ud800"}\n',
    b'lr,name,l\n0.1,adam,"[1, 2]"\n,"""1""",\n1e-5,"a\nb",{}\n',
]
PIECES = [
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b":",
        b",",
        b"\n",
        b"  ",
        b"- ",
        b"!!python/name:os.system ",
        b"*base",
    ),
    *(b"!tuple ", b"&x ", b"<<: ", b'"', b"'", b"|", b"%", b"\t", b"\x00", b"\xff", b"range(1,2)"),
    *(
        b"glob(*)",
        b"1e999",
        b"interval(0,1)",
        b"null",
        b"~",
        b"0b_",
        b"9" * 4999,
        b"[" * 200,
        b"? ",
    ),
    *(b"${x}", b"{a", b"!!binary x", b"---\n", b"#", b"\xe2\x80\xa8", b"!!int ", b"{lr!r}", b"-1"),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid file with pieces taken out, put in or doubled."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 3))):
        at, until = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        piece = draw(st.sampled_from([*PIECES, text[at:until], b""]))
        text = text[:at] + piece + text[draw(st.sampled_from([at, at, min(at + 3, until)])) :]
    return text


def train(lr: float = 0.1, a: int = 0, seed: int = 0) -> None: ...


@pytest.mark.filterwarnings("ignore::params_proto.errors.SweepWarning")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(mutated(), mutated(), st.binary(), st.text().map(str.encode)),
    suffix=st.sampled_from(SUFFIXES),
    targets=st.sampled_from([(), (train,)]),
)
def test_any_file_is_a_sweep_or_a_sweep_error(
    content: bytes, suffix: str, targets: tuple[object, ...], tmp_path: Path
) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(content)
    wrong = ""
    try:
        Sweep.load(path, *targets)
    except SweepError as error:
        wrong = str(error)
    assert not wrong or str(path) in wrong
