"""Sweep: an expression for the configs to run."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast, overload

from params_proto._text import pluralize
from params_proto.algebra.builder import Builder
from params_proto.algebra.expression import Expression
from params_proto.algebra.scope import Scope
from params_proto.algebra.space import Config
from params_proto.algebra.steps import ABBREVIATE_ABOVE

if TYPE_CHECKING:
    import os

    import pandas as pd
    from omegaconf import DictConfig


class Sweep(Sequence[Config]):
    """A finite, ordered, lazy and immutable sequence of configs.

    Args:
        targets: the `@proto.cli` functions, `@proto.prefix` classes, plain functions and
            dataclasses whose parameters are swept; keys and values are checked against them. A
            plain name is the function's parameter of that name, or else that of the only prefix
            class that has one. Without targets, any key is accepted.

    Raises:
        SweepError: a target is none of these.

    A new sweep contains one empty config; each method returns a new sweep:

    >>> sweep = Sweep().product(lr=[0.1, 0.01]).zip(bs=[32, 64], epochs=[1, 2])
    >>> len(sweep), sweep[-1]
    (4, {'lr': 0.01, 'bs': 64, 'epochs': 2})
    >>> sweep
    Sweep().product(lr=[0.1, 0.01]).zip(bs=[32, 64], epochs=[1, 2])
    """

    __slots__ = ("_builder",)

    def __init__(self, *targets: Any) -> None:
        self._builder = Builder(Scope.of(targets))

    @classmethod
    def _of(cls, builder: Builder) -> Sweep:
        sweep = object.__new__(cls)
        sweep._builder = builder
        return sweep

    def __reduce__(self) -> tuple[Callable[..., Sweep], tuple[object, ...]]:
        return partial(Sweep.from_expression, prefix=self.prefix), (self.expression, *self.targets)

    @classmethod
    def from_expression(
        cls, expression: Expression, *targets: Any, prefix: str | None = None
    ) -> Sweep:
        """The sweep of an expression whose steps have been checked.

        Args:
            expression: its steps, with keys in full.
            targets: the functions and classes whose parameters it sweeps.
            prefix: the node of plain keys, by default that of the only target.

        Raises:
            SweepError: a target is none of the kinds that `Sweep` takes.

        >>> sweep = Sweep().product(lr=[0.1, 0.01])
        >>> Sweep.from_expression(sweep.expression) == sweep
        True
        """
        scope = Scope.of(targets)
        return cls._of(
            Builder(scope if prefix is None else scope._replace(prefix=prefix), expression)
        )

    @property
    def targets(self) -> tuple[Any, ...]:
        """The functions and classes whose parameters are swept.

        >>> def train(lr: float = 0.1): ...
        >>> Sweep(train).targets == (train,)
        True
        """
        return self._builder.targets

    @property
    def prefix(self) -> str:
        """The node of plain keys in a job's config: that of the only target, or "".

        >>> from params_proto import proto
        >>> @proto.prefix
        ... class Training:
        ...     lr: float = 0.1
        >>> Sweep(Training).prefix, Sweep().prefix
        ('training', '')
        """
        return self._builder.scope.prefix

    @property
    def expression(self) -> Expression:
        """The steps of the sweep, with keys in full.

        >>> Sweep().product(lr=[0.1, 0.01]).expression.plain()
        {'product': {'lr': [0.1, 0.01]}}
        """
        return self._builder.expression

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the configs, in the order of their first use.

        >>> Sweep().set(epochs=10).product(lr=[1, 2]).keys
        ('epochs', 'lr')
        """
        return self._builder.space.keys

    # The steps

    def product(
        self, axes: Mapping[str, Iterable[Any]] | None = None, /, **named: Iterable[Any]
    ) -> Sweep:
        """Multiplies by every combination of the axes; the last varies fastest.

        Args:
            axes: values by key, for keys that are not identifiers.
            named: values by key. An axis is any ordered iterable, arrays and Series included.

        Raises:
            SweepError: an axis is empty or has no order, a name is not a key, a key
                already has an axis or is pinned, or a parameter cannot hold a value.

        >>> list(Sweep().product(lr=[0.1, 0.01], bs=[32]))
        [{'lr': 0.1, 'bs': 32}, {'lr': 0.01, 'bs': 32}]
        """
        return Sweep._of(self._builder.product(axes, **named))

    def zip(
        self, axes: Mapping[str, Iterable[Any]] | None = None, /, **named: Iterable[Any]
    ) -> Sweep:
        """Multiplies by one axis of paired values.

        Args:
            axes: values by key, for keys that are not identifiers.
            named: values by key; all axes must have the same length.

        Raises:
            SweepError: as for `product`, and if the lengths differ.

        >>> list(Sweep().zip(lr=[0.1, 0.01], bs=[32, 64]))
        [{'lr': 0.1, 'bs': 32}, {'lr': 0.01, 'bs': 64}]
        """
        return Sweep._of(self._builder.zip(axes, **named))

    def chain(self, *rows: Mapping[str, Any] | Sweep) -> Sweep:
        """Multiplies by one axis of rows, in order.

        Args:
            rows: mappings, whose keys may differ, and sweeps, which contribute all their configs.

        Raises:
            SweepError: there are no rows, a row is neither of these, a key already has a value, or
                a parameter cannot hold a value.

        >>> list(Sweep().chain({"lr": 0.1}, {"lr": 0.01, "bs": 64}))
        [{'lr': 0.1}, {'lr': 0.01, 'bs': 64}]
        """
        parts = [row._builder if isinstance(row, Sweep) else row for row in rows]
        return Sweep._of(self._builder.chain(*parts))

    def set(self, pins: Mapping[str, Any] | None = None, /, **named: Any) -> Sweep:
        """Pins keys to values, as if it came first; a later `set` wins.

        Args:
            pins: a value by key, for keys that are not identifiers.
            named: a value by key.

        Raises:
            SweepError: a name is not a key, a parameter cannot hold its value, or an earlier sample
                or slice would ask for more configs than are left.

        >>> list(Sweep().product(lr=[0.1, 0.01], bs=[32]).set(lr=1.0))
        [{'lr': 1.0, 'bs': 32}]
        """
        return Sweep._of(self._builder.set(pins, **named))

    def repeat(self, times: int) -> Sweep:
        """Repeats each config several times in a row.

        Args:
            times: how many times, at least 1.

        Raises:
            SweepError: `times` is not a positive integer.

        >>> len(Sweep().product(lr=[0.1, 0.01]).repeat(3))
        6
        """
        return Sweep._of(self._builder.repeat(times))

    def exclude(self, match: Mapping[str, Any] | None = None, /, **named: Any) -> Sweep:
        """Drops the configs that match all the given keys.

        Args:
            match: by key, a value, or a list of values any of which matches.
            named: the same, for keys that are identifiers.

        Raises:
            SweepError: no earlier step gives a key a value, a list is empty, or a parameter cannot
                hold a value.

        >>> list(Sweep().product(lr=[1, 2], bs=[32, 64]).exclude(lr=1, bs=[64, 128]))
        [{'lr': 1, 'bs': 32}, {'lr': 2, 'bs': 32}, {'lr': 2, 'bs': 64}]
        """
        return Sweep._of(self._builder.exclude(match, **named))

    def where(self, predicate: Callable[[Config], object]) -> Sweep:
        """Keeps the configs for which `predicate(config)` is true.

        Args:
            predicate: a function of a config; it gets its own copy. It is called when the sweep is
                read, and what it raises is not caught.

        Raises:
            SweepError: `predicate` is not a function.

        >>> list(Sweep().product(lr=[1, 2, 3]).where(lambda config: config["lr"] != 2))
        [{'lr': 1}, {'lr': 3}]
        """
        return Sweep._of(self._builder.where(predicate))

    def derive(
        self,
        rules: Mapping[str, str | Callable[[Config], Any]] | None = None,
        /,
        **named: str | Callable[[Config], Any],
    ) -> Sweep:
        """Adds keys that are computed from each config.

        Args:
            rules: by key, a format string with whole keys in braces, `"lr{lr:.0e}"`, or a
                function of a config, which is called when the config is read.
            named: the same, for keys that are identifiers.

        Raises:
            SweepError: a rule is neither of these, a key already has a value, or a format string
                reads a key to which no earlier step gives a value. When a config is read: the
                parameter cannot hold the value, or a value does not take its format.

        >>> list(Sweep().product(lr=[0.1, 0.01]).derive(name="run-{lr}"))
        [{'lr': 0.1, 'name': 'run-0.1'}, {'lr': 0.01, 'name': 'run-0.01'}]
        """
        return Sweep._of(self._builder.derive(rules, **named))

    def shuffle(self, seed: int = 0) -> Sweep:
        """All configs in a random order, computed by index without making a list.

        A Feistel network permutes the indices. Source: Black and Rogaway, "Ciphers with Arbitrary
        Finite Domains", CT-RSA 2002.

        Args:
            seed: an integer; the same seed gives the same order, on every machine.

        Raises:
            SweepError: `seed` is not an integer.

        >>> sorted(config["i"] for config in Sweep().product(i=range(5)).shuffle())
        [0, 1, 2, 3, 4]
        """
        return Sweep._of(self._builder.shuffle(seed))

    def sample(self, n: int, seed: int = 0) -> Sweep:
        """The first `n` configs of `shuffle(seed)`: a sample without replacement.

        Args:
            n: how many, at least 1 and at most the size of the sweep.
            seed: as for `shuffle`.

        Raises:
            SweepError: `n` is not an integer from 1 to the size, or `seed` is not an integer.

        >>> len(Sweep().product(i=range(10**12)).sample(1000))
        1000
        """
        return Sweep._of(self._builder.sample(n, seed))

    # The operators

    def __mul__(self, other: Sweep | Mapping[str, Iterable[Any]]) -> Sweep:
        if isinstance(other, Sweep):
            return Sweep._of(self._builder.times(other._builder))
        return self.product(other) if _is_mapping(other) else NotImplemented

    def __rmul__(self, other: Mapping[str, Iterable[Any]]) -> Sweep:
        return Sweep().product(other) * self if _is_mapping(other) else NotImplemented

    def __add__(self, other: Sweep) -> Sweep:
        if isinstance(other, Sweep):  # pyright: ignore[reportUnnecessaryIsInstance]
            return Sweep._of(self._builder.plus(other._builder))
        return NotImplemented

    def __pow__(self, times: int) -> Sweep:
        return self.repeat(times)

    def __mod__(self, pins: Mapping[str, Any]) -> Sweep:
        return self.set(pins) if _is_mapping(pins) else NotImplemented

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sweep):
            return NotImplemented
        return self._builder.named == other._builder.named

    def __hash__(self) -> int:
        return hash(self._builder.named)

    def __repr__(self) -> str:
        return repr(self._builder)

    def _repr_html_(self) -> str:
        size, half = self.size, ABBREVIATE_ABOVE // 2
        if size <= ABBREVIATE_ABOVE:
            frame = self.to_dataframe()
        else:
            frame = (self[:half] + self[-half:]).to_dataframe()
            frame.index = [*range(half), *range(size - half, size)]
        return f"{frame.to_html()}<p>{pluralize(size, 'config')}</p>"

    # A sequence

    @property
    def size(self) -> int:
        """The number of configs, exact even past `sys.maxsize`, where `len` overflows.

        >>> Sweep().product(a=range(10**12), b=range(10**12)).size == 10**24
        True
        """
        return self._builder.space.size

    def __len__(self) -> int:
        return self._builder.space.size

    def __bool__(self) -> bool:
        return self._builder.space.size > 0

    def __iter__(self) -> Iterator[Config]:
        space = self._builder.space
        return map(space.renew, space) if space.mutable else iter(space)

    @overload
    def __getitem__(self, index: int) -> Config: ...
    @overload
    def __getitem__(self, index: slice) -> Sweep: ...
    def __getitem__(self, index: int | slice) -> Config | Sweep:
        if isinstance(index, slice):
            return Sweep._of(self._builder.slice(index))
        size = self._builder.space.size
        at = operator.index(index)
        if not -size <= at < size:
            raise IndexError(f"sweep index {at} is out of range: it has {size} configs.")
        return self._builder.space.renew(self._builder.space.put({}, at % size))

    def __contains__(self, config: object) -> bool:
        return next(self._positions(config), None) is not None

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """The first index of a config; fast for a product of axes, else a linear search.

        Args:
            value: the config, compared by `==`.
            start: the first index to consider; if negative, counted from the end.
            stop: the index before which to stop, likewise; None for the end.

        Raises:
            ValueError: the config is not there.

        >>> Sweep().product(lr=range(10**9)).index({"lr": 12345})
        12345
        """
        within = range(self.size)[start:stop]
        for at in self._positions(value):
            if at in within:
                return at
        raise ValueError(f"{value!r} is not in the sweep.")

    def count(self, value: Any) -> int:
        """How many configs equal one; fast for a product of axes, else a linear search.

        Args:
            value: the config, compared by `==`.

        >>> Sweep().product(lr=[1, 2]).repeat(3).count({"lr": 2})
        3
        """
        return sum(1 for _ in self._positions(value))

    def _positions(self, value: Any) -> Iterator[int]:
        is_config = isinstance(value, Mapping)
        return self._builder.space.positions(cast("Config", value)) if is_config else iter(())

    # Files, frames and Hydra

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the sweep to a file, atomically.

        Args:
            path: `.yaml` holds the expression; `.jsonl` and `.csv` hold a config per line.

        Raises:
            SweepError: the path has another ending or cannot be written, or the format cannot
                represent a value, named by its key, or a step; nothing is written.

        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     Sweep().product(lr=[0.1, 0.01]).repeat(3).save(f"{folder}/sweep.yaml")
        ...     print(Path(folder, "sweep.yaml").read_text(), end="")
        product: {lr: [0.1, 0.01]}
        repeat: 3
        """
        from params_proto.storage.files import save

        save(self._builder, path)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *targets: Any,
        config_dir: str | os.PathLike[str] | None = None,
    ) -> Sweep:
        """Reads a sweep from a file. Nothing in the file is executed.

        Args:
            path: a `.yaml`, `.jsonl` or `.csv` file, written by `save` or by hand.
            targets: the functions and classes whose parameters it sweeps.
            config_dir: where a hand-written `glob(*)` finds the options of a config group.

        Raises:
            SweepError: the path has another ending, or the file is missing or is not a sweep; it
                names the path and the line.

        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "sweep.yaml")
        ...     _ = path.write_text("zip: {lr: [0.1, 0.01], bs: [32, 64]}")
        ...     Sweep.load(path)
        Sweep().zip(lr=[0.1, 0.01], bs=[32, 64])
        """
        from params_proto.storage.files import load
        from params_proto.storage.plain import options_loader

        return cls._of(load(path, Builder(Scope.of(targets)), options_loader(config_dir)))

    def to_dataframe(self) -> pd.DataFrame:
        """One row per config; a missing key is `pd.NA`.

        >>> Sweep().zip(lr=[0.1, 0.01], bs=[32, 64]).to_dataframe()
             lr  bs
        0  0.10  32
        1  0.01  64
        """
        from params_proto.storage.frames import to_dataframe

        return to_dataframe(self)

    @classmethod
    def from_dataframe(cls, df: pd.DataFrame) -> Sweep:
        """The sweep of a frame's rows; its index is not a key.

        Args:
            df: a frame whose columns are named by keys. `pd.NA` is a missing key, as is the missing
                value of a column of strings, categories or dates. None, and nan in a column of
                floats or objects, are values.

        Raises:
            SweepError: `df` is not a frame, a column is not a key, or a column occurs twice.

        >>> import pandas as pd
        >>> Sweep.from_dataframe(pd.DataFrame({"lr": [0.1, 0.01], "bs": [32, 64]}))
        Sweep().chain({'lr': 0.1, 'bs': 32}, {'lr': 0.01, 'bs': 64})
        """
        from params_proto.storage.frames import from_dataframe

        return cls._of(from_dataframe(df))

    def overrides(self) -> Iterator[list[str]]:
        """Each config as a list of Hydra overrides, fully qualified.

        Raises:
            SweepError: Hydra's grammar cannot express a value, named by its key.

        >>> list(Sweep().product({"model.lr": [0.1, 0.01]}).overrides())
        [['model.lr=0.1'], ['model.lr=0.01']]
        """
        return self._builder.overrides()

    def compose(
        self,
        config_path: str | os.PathLike[str] | None = None,
        config_name: str | None = None,
        *,
        overrides: Iterable[str] | None = (),
        job: bool = False,
    ) -> Iterator[DictConfig]:
        """Each config composed by Hydra, as with `hydra.compose`, without a Hydra app.

        Hydra's global state is not changed; inside `hydra.initialize(version_base=...)` configs
        are composed by the rules of that version.

        Args:
            config_path: the folder of the configs, relative to the file of the caller, as in
                `hydra.main`; or `pkg://...`.
            config_name: the primary config; by default that of a `@proto.cli` function among the
                targets, whose parameters come below it.
            overrides: as on the command line of a multirun: they take precedence over the sweep,
                and one with several values multiplies it.
            job: whether to keep the node `hydra` in the configs.

        Returns:
            The configs, composed lazily.

        Raises:
            SweepError: an argument has the wrong type, an override cannot be read, or no override
                can express a value.
            HydraException: a config cannot be composed; raised immediately for the primary config,
                for others when they are requested.

        >>> configs = Sweep().product({"+lr": [0.1, 0.01]}).compose()
        >>> next(configs)
        {'lr': 0.1}
        """
        from params_proto.python.compose import configs

        return configs(self, config_path, config_name, overrides, job)

    def launch(
        self,
        target: Any = None,
        *,
        config_path: str | os.PathLike[str] | None = None,
        config_name: str | None = None,
        launcher: str = "basic",
        sweep_dir: str | os.PathLike[str] | None = None,
        overrides: Iterable[str] | None = (),
        resume: bool = False,
        rerun: str | Iterable[str] | None = None,
        max_failures: int | None = None,
        retries: int = 0,
        timeout: float | None = None,
        metric: str | None = None,
        direction: str | None = None,
        progress: bool | None = None,
        workers: int | None = None,
        gpus: str | int | Iterable[int | str] | None = None,
        jobs_per_gpu: int = 1,
        wait: bool = True,
        **launcher_options: Any,
    ) -> pd.DataFrame:
        """Runs one job per config through a Hydra launcher, as a multirun does.

        It leaves the same records as `python train.py -m`, so either can resume the other's sweep.
        Hydra's global state, the root logger and the working directory are restored afterwards,
        even within `hydra.initialize()`.

        Args:
            target: what the jobs run, by default the sweep's function: a `@proto.cli` function; a
                plain function, which gets its parameters as Python's own values; or a function of
                `@hydra.main`, which gets its config.
            config_path: the folder of the configs, relative to the file of the caller, or
                `pkg://...`; by default that of the target's decorator.
            config_name: the primary config; likewise.
            launcher: the launcher's name: `basic` runs one job after another in this process,
                `joblib` several at a time, `submitit_slurm` runs them on a cluster.
            sweep_dir: the sweep's directory. By default it is named after the time at which the
                launch starts, followed by `_1` if that is taken; all its jobs are in it.
            overrides: as on the command line: they take precedence over the sweep, one with several
                values multiplies it, and those of `hydra.` set options without an argument here.
            resume: whether to resume the sweep in `sweep_dir`, running only missing jobs; without
                one, a new sweep starts.
            rerun: which statuses to rerun when resuming, a list of `failed`, `crashed`,
                `interrupted` and `completed`, or `"all"`; by default all but `completed`.
            max_failures: stop launching once more than this many jobs have failed; None for no
                limit.
            retries: how many times to rerun a job that failed or whose process died, at least 0.
            timeout: the time limit of a job, a positive number of seconds; None for no limit.
            metric: the returned value that ranks jobs; by default the number that they return.
            direction: `minimize` or `maximize`; by default the usual one for the metric:
                `maximize` for an accuracy, an F1 score, a reward and the like.
            progress: whether to show progress and the results table on standard error; None for
                what the config says, by default True.
            workers: how many workers run the jobs, at least 1, in processes that outlive this one.
                They get the target pickled. None for no workers: the launcher runs the jobs.
            gpus: a worker for each of these GPUs: `"auto"` for all, how many, or a list, `[0, 1]`.
            jobs_per_gpu: how many workers share a GPU, at least 1.
            wait: whether to wait for the workers; if not, the results so far are returned.
            launcher_options: the launcher's own options, such as joblib's `n_jobs=2`. Options that
                share the name of an argument, or are nested, belong in `overrides`:
                `hydra.launcher.timeout=60`.

        Returns:
            The results, as from `params_proto.results`: one row per job, including failed ones.
            Failures are also logged as a warning.

        Raises:
            SweepError: there is a mistake in the sweep or an argument, before any job runs; or more
                than `max_failures` jobs failed, with the first one's exception as its cause.
            HydraException: a config cannot be composed, before any job runs.
            KeyboardInterrupt: Ctrl-C, once the records are closed; `resume=True` continues.

        >>> import subprocess, sys, tempfile
        >>> script = '''
        ... from params_proto import Sweep
        ... def train(lr: float = 0.1):
        ...     return {"loss": lr / 2}
        ... quiet = ["hydra/hydra_logging=none", "hydra/job_logging=none"]
        ... df = Sweep(train).product(lr=[1, 2]).launch(overrides=quiet)
        ... print(df[["job", "lr", "loss", "status"]])
        ... '''
        >>> run, out = [sys.executable, "-c", script], tempfile.mkdtemp()
        >>> print(subprocess.run(run, cwd=out, capture_output=True, text=True).stdout, end="")
           job   lr  loss     status
        0    0  1.0   0.5  completed
        1    1  2.0   1.0  completed
        """
        from params_proto.python.launch import launch

        options = {
            "resume": resume,
            "rerun": rerun,
            "max_failures": max_failures,
            "retries": retries,
            "timeout": timeout,
            "metric": metric,
            "direction": direction,
            "progress": progress,
            "workers": workers,
            "gpus": gpus,
            "jobs_per_gpu": None if jobs_per_gpu == 1 else jobs_per_gpu,
            "wait": None if wait else False,
        }
        return launch(
            self,
            target,
            config_path,
            config_name,
            launcher,
            sweep_dir,
            overrides,
            options,
            launcher_options,
        )

    @classmethod
    def from_overrides(
        cls,
        lines: Iterable[str],
        *targets: Any,
        config_dir: str | os.PathLike[str] | None = None,
    ) -> Sweep:
        """The sweep that Hydra's command line would run: the last line varies fastest.

        Args:
            lines: overrides as on the command line: one with several values is an axis, any other
                is pinned. If a key occurs twice, the last value wins, in the place of the first.
                `str(1,2)` gives strings; Hydra's basic sweeper would pass on numbers.
            targets: the functions and classes whose parameters it sweeps; values are converted as
                Hydra converts them.
            config_dir: where a `glob(*)` finds the options of a config group.

        Raises:
            SweepError: Hydra cannot read some of the lines, or they do not make a sweep; it names
                all of them.

        >>> sweep = Sweep.from_overrides(["lr=0.1,0.01", "seed=7", "bs=choice(32,64)"])
        >>> sweep
        Sweep().product(lr=[0.1, 0.01]).set(seed=7).product(bs=[32, 64])
        >>> next(sweep.overrides())
        ['lr=0.1', 'seed=7', 'bs=32']
        """
        from params_proto.storage.plain import options_loader, sweep_of_lines

        empty = Builder(Scope.of(targets))
        return cls._of(sweep_of_lines(lines, empty, options_loader(config_dir)))


def _is_mapping(operand: object) -> bool:
    return isinstance(operand, Mapping)
