"""`make release-check`: checks wheel and sdist as PyPI does, and installs them as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]

APP = """\
from params_proto import Sweep, proto

@proto.cli
def train(lr: float = 0.1, seed: int = 0):
    print("job", lr, seed)
    return {"loss": lr * seed}

grid = Sweep(train).zip(lr=[0.5, 0.25], seed=[1, 3])

if __name__ == "__main__":
    train()
"""

PLAIN = """\
import hydra

@hydra.main(version_base=None, config_path=None)
def main(config):
    print("job", config)

main()
"""

# what a user may type first, and a line of what it prints
TRIED = {
    "python -c 'import params_proto; print(params_proto.__file__)'": "{environment}",
    "python app.py -m hydra.sweeper.sweep=app.py:grid hydra.sweep.dir=runs": "job 0.25 3",
    "python plain.py -m hydra/sweeper=params_proto +x=1,2": "job {'x': 2}",
    "params-proto results runs": "runs: 2 completed",
    "params-proto --help": "usage: params-proto",
    "python -m params_proto --help": "usage: params-proto",
    "python -m params_proto best runs --metric loss": "python app.py lr=0.5 seed=1",
    "python -m params_proto schema": '"title": "A sweep of hydra-params-proto"',
}


def main() -> None:
    """Builds both, checks them, and tries each in a fresh environment."""
    with TemporaryDirectory() as made:
        folder = Path(made).resolve()
        ran([sys.executable, "-m", "build", "--outdir", folder / "dist", ROOT], ROOT)
        built = sorted((folder / "dist").iterdir())
        print("built:", *[path.name for path in built])
        assert [path.suffix for path in built] == [".whl", ".gz"]
        wheel, _ = built
        print(ran([sys.executable, "-m", "twine", "check", "--strict", *built], ROOT), end="")
        print(ran([sys.executable, "-m", "check_wheel_contents", wheel], ROOT), end="")
        for distribution in built:
            for line in tried(distribution, folder / distribution.suffix[1:]):
                print(f"{distribution.suffix}: {line}")


def tried(distribution: Path, folder: Path) -> Iterator[str]:
    """Installs a distribution with its dependencies, and runs commands outside the checkout."""
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    scripts = environment / "bin"
    ran([scripts / "python", "-m", "pip", "install", "--quiet", distribution], folder)
    (folder / "app.py").write_text(APP, "utf-8")
    (folder / "plain.py").write_text(PLAIN, "utf-8")
    for command, expected in TRIED.items():
        printed = ran(["sh", "-c", command], folder, PATH=f"{scripts}:{os.environ['PATH']}")
        wanted = expected.format(environment=environment) if "{env" in expected else expected
        assert wanted in printed, f"{command}: expected {wanted}, and it printed\n{printed}"
        yield command


def ran(command: list[object], folder: Path, **variables: str) -> str:
    """Runs a command without this process's PYTHONPATH, and returns what it printed."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**inherited, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
