"""The tests on each Python and Hydra that the project supports: `make matrix`."""

import os
from pathlib import Path

import nox

nox.options.error_on_missing_interpreters = True
nox.options.reuse_venv = "yes"

# pyenv's shims only run the Pythons that pyenv is set to use; the matrix uses all that it has.
pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
pythons = sorted(map(str, pyenv.glob("versions/3.*/bin")))
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *pythons])


def test(session: nox.Session, *versions: str) -> None:
    """Runs the tests, or those that the arguments after `--` name."""
    session.install("--editable", ".[dev]", *versions)
    session.run("python", "-m", "pytest", "-n", "2", "--dist", "worksteal", *session.posargs)


@nox.session(name="hydra-1.3", python=["3.11", "3.12", "3.13"])
def hydra_1_3(session: nox.Session) -> None:
    """The newest release of Hydra 1.3."""
    test(session, "hydra-core==1.3.*")


@nox.session(name="hydra-1.4", python=["3.11", "3.13"])
def hydra_1_4(session: nox.Session) -> None:
    """A pre-release of Hydra 1.4, with the launchers and the OmegaConf that belong to it."""
    test(
        session,
        "hydra-core==1.4.0rc3",
        "hydra-joblib-launcher==1.4.0rc3",
        "hydra-submitit-launcher==1.4.0rc3",
        "omegaconf==2.4.1rc1",
    )


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """The lower bounds of pyproject.toml, but those of the tools, on the oldest Python."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    extras = project["optional-dependencies"]
    optional = [bound for name in extras if name not in ("dev", "ray") for bound in extras[name]]
    bounds = [*project["dependencies"], *optional]
    test(session, *[bound.replace(">=", "==") for bound in bounds])
