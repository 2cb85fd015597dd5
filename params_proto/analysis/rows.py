"""A sweep's directory as a table: a row for each job, with its config, status and results."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import yaml

from params_proto import _files
from params_proto._keys import strip_prefix
from params_proto._text import UNSERIALIZABLE, csv_line, json_key, to_json
from params_proto.errors import SweepError
from params_proto.overrides.identity import job_numberer, values
from params_proto.records import JobStore, Record
from params_proto.records.manifest import (
    MULTIRUN,
    PLAN,
    RESULTS,
    STATE_DIR,
    SWEEP,
    PlanFile,
    UnreadableError,
    has_plan,
    read_plan,
)

if TYPE_CHECKING:
    from params_proto.algebra.builder import Builder

PENDING = "pending"
# The columns of every table: before its keys, and between these and its metrics. pandas leaves out
# the middle of a table that is too wide.
LEADING_COLUMNS = ("sweep", "job")
RUN_COLUMNS = ("started", "dir", "error", "attempt", "duration", "status")
# In the hydra.yaml of a job of the basic sweeper.
_NUMBER = re.compile(r"^    num: ([0-9]+)$", re.MULTILINE)
MAX_ROWS = 1_000_000  # configs that are read or written one by one
_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class Row(NamedTuple):
    """A job.

    Args:
        job: its number.
        config: the swept keys and their values.
        metrics: the returned values, by name.
        status: `pending` if the job has not run, None if no sweeper has recorded it.
        attempt: how often it has run.
        duration: seconds.
        started: when it started, ISO 8601 with time zone.
        dir: its directory, relative to the sweep directory if inside.
        error: the first line of its error.
        sweep: the directory of the sweep, in a table of several.
    """

    job: int
    config: Mapping[str, Any]
    metrics: Mapping[str, Any] = {}
    status: str | None = None
    attempt: int | None = None
    duration: float | None = None
    started: str | None = None
    dir: str | None = None
    error: str | None = None
    sweep: str | None = None


@dataclass(frozen=True, eq=False)
class Table:
    """The jobs of a sweep, possibly very many, read each time it is iterated.

    Args:
        directory: the directory of the sweep.
        keys: the swept keys, in order.
        groups: the keys that choose a config group's option.
        rows: reads the jobs, in order of their numbers.
        metric: the metric of the sweep, if it has one.
        direction: the direction of the sweep, if it has one.
        derived: the keys that are computed from others.
    """

    directory: Path
    keys: list[str]
    groups: frozenset[str]
    rows: Callable[[], Iterable[Row]]
    metric: str | None = None
    direction: str | None = None
    derived: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows())

    def fixed(self) -> dict[str, Any]:
        """The keys that have the same value in all jobs, with that value."""
        first: Mapping[str, Any] = dict(*islice(_configs(self.directory), 1))
        given = {strip_prefix(key): value for key, value in first.items() if key[0] != "~"}
        return {key: _value(to_json(given[key])) for key in given if key not in self.keys}


def table(
    directory: Path, limit: int = MAX_ROWS, configs: Iterable[Mapping[str, Any]] | None = None
) -> Table:
    """The jobs of a sweep, even while it runs.

    Args:
        directory: the directory of a sweep, possibly run by Hydra's basic sweeper.
        limit: if the sweep has more jobs, only those that have run get a row.
        configs: the configs of its jobs, if known; else they are read from `sweep.yaml`.
    """
    if not has_plan(directory):
        return _table_without_plan(directory)
    plan, records = read_plan(directory), JobStore(directory)
    configs = _configs(directory) if configs is None else configs
    # Jobs left by a filter are not counted; all get a row, up to `limit`.
    if plan.jobs is not None and plan.jobs > limit:
        configs = ()
    keys, rows = plan.keys, partial(_jobs, plan, records, configs, limit)
    if configs and plan.earlier:
        keys, jobs = _jobs_of_changed_sweep(plan, records)
        rows = partial(iter, jobs)
    groups, derived = frozenset(plan.groups), frozenset(plan.derived)
    return Table(directory, keys, groups, rows, plan.metric, plan.direction, derived)


def table_with_records(directory: Path, limit: int = MAX_ROWS) -> Table:
    """Like `table`, but raises for a sweep of Hydra's basic sweeper, which keeps no records."""
    found = table(directory, limit)
    if not has_plan(directory):
        raise SweepError(f"{directory} was run by another sweeper, which kept no results.")
    return found


def _table_without_plan(directory: Path) -> Table:
    if (directory / MULTIRUN).is_file():
        return _basic_table(directory)
    # It may be the directory of a job, or of sweeps by day and time, where the latest is meant.
    below = filter(has_plan, chain(directory.glob("*"), directory.glob("*/*")))
    by_age = sorted(below, key=lambda path: (path / STATE_DIR / PLAN).stat().st_mtime)
    near = [*filter(has_plan, directory.parents), *by_age][-1:]
    hint = f" Did you mean {near[0]}?" if near else ""
    raise SweepError(
        f"{directory} does not contain a sweep.{hint} Give the directory of a sweep, which has a"
        f" {SWEEP} and a {STATE_DIR}, or of one of Hydra's basic sweeper, which has a {MULTIRUN}."
    )


def _basic_table(directory: Path) -> Table:
    """The jobs that started, with their overrides and start times, from Hydra's `overrides.yaml`.

    The keys are those whose values differ between jobs. With hydra.output_subdir=null there are no
    such files, and so no jobs.

    Args:
        directory: the directory of the sweep.
    """
    subdir = hydra_config(directory / MULTIRUN)["output_subdir"]
    rows: list[Row] = []
    for file in directory.rglob(f"{subdir}/overrides.yaml"):
        overrides: list[str] = yaml.safe_load(file.read_bytes())
        # Read as text: PyYAML takes ten milliseconds for each of these files.
        (number,) = _NUMBER.findall(file.with_name("hydra.yaml").read_text("utf-8"))
        started = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
        rows.append(
            Row(
                int(number),
                {key: to_json(value) for key, value in values(overrides)},
                started=started.isoformat(timespec="milliseconds"),
                dir=str(file.parents[1].relative_to(directory)),
            )
        )
    rows.sort(key=lambda row: row.job)
    configs = [row.config for row in rows]
    keys = differing_keys(configs if len(rows) > 1 else [*configs, {}])
    hydra = hydra_config(next(directory.rglob(f"{subdir}/hydra.yaml"), directory / MULTIRUN))
    groups = frozenset(key for key in keys if key in hydra["runtime"]["choices"])
    return Table(directory, keys, groups, lambda: rows)


def hydra_config(file: Path) -> dict[str, Any]:
    """The node `hydra` of a composed config, with its values as text.

    Other nodes may have tags for Python objects, such as paths.
    """
    config: Any = yaml.load(file.read_bytes(), yaml.BaseLoader)
    return config["hydra"]


def _configs(directory: Path) -> Iterable[Mapping[str, Any]]:
    """The configs of a sweep; () if only the app can read its file."""
    try:
        return _read_sweep(directory / SWEEP).space
    except SweepError:
        return ()


def _read_sweep(file: Path) -> Builder:
    """Reads a sweep file written by a multirun, in which keys may overlap."""
    # Imported here: most callers know the configs and do not read the file.
    from params_proto.algebra.builder import Builder
    from params_proto.storage.files import load

    return load(file, Builder(allow_overlap=True))


def _jobs(
    plan: PlanFile, records: JobStore, configs: Iterable[Mapping[str, Any]], limit: int
) -> Iterator[Row]:
    """The jobs of the first `limit` configs, and further ones that have run."""
    job = -1
    for job, config in enumerate(islice(configs, limit)):
        try:
            record = records.read(job)
        except UnreadableError:
            record = None  # the job runs again
        swept = {
            strip_prefix(k): to_json(value)
            for k, value in config.items()
            if strip_prefix(k) in plan.keys
        }
        yield _row(job, swept, record, records)
    if job + 1 != plan.jobs:
        for record in records.readable():
            if record.job > job:
                yield _row(record.job, record.config, record, records)


def _jobs_of_changed_sweep(plan: PlanFile, records: JobStore) -> tuple[list[str], list[Row]]:
    """The keys and jobs of a directory whose sweep was changed.

    The jobs are those that have run, which keep their numbers, and those of the current sweep,
    whose new jobs take the next numbers. Each has all keys that it was given.
    """
    found = list(records.all())
    done = {record.job: record for record in found if isinstance(record, Record)}
    selectors = {strip_prefix(line.partition("=")[0]) for line in plan.sweep_selectors}
    number_of = job_numberer((record.identity, record.job) for record in found)
    overrides = {job: record.overrides for job, record in done.items()}
    present = _read_sweep(records.directory / SWEEP).overrides()
    overrides.update((number_of(job), job) for job in present)
    rows = [
        _row(
            job,
            {key: to_json(value) for key, value in values(overrides[job]) if key not in selectors},
            done.get(job),
            records,
        )
        for job in sorted(overrides)
    ]
    return list(dict.fromkeys([*plan.keys, *differing_keys([row.config for row in rows])])), rows


def differing_keys(configs: Collection[Mapping[str, Any]]) -> list[str]:
    """The keys that are missing or have different values in some configs.

    >>> differing_keys([{"lr": 1, "seed": 0}, {"lr": 1, "seed": 1}])
    ['seed']
    """
    texts: dict[str, list[str]] = {}
    for config in configs:
        for key, value in config.items():
            texts.setdefault(key, []).append(json_key(value))
    return [key for key, held in texts.items() if len(held) < len(configs) or len(set(held)) > 1]


def _row(job: int, config: Mapping[str, Any], record: Record | None, records: JobStore) -> Row:
    if record is None:
        return Row(job, _restored(config), status=PENDING)
    error = record.error
    return Row(
        job,
        _restored({**config, **record.config}),
        dict(metrics(record.value)),
        records.status_of(record).value,
        record.attempt,
        record.duration,
        record.started,
        record.dir,
        error and f"{error.type}: {error.message}".partition("\n")[0],
    )


def _restored(config: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded config with NaN and infinities restored."""
    return {key: _value(value) for key, value in config.items()}


def combine_tables(tables: Sequence[Table]) -> Table:
    """Several sweeps as one table, with directories relative to the working directory.

    Its keys are the swept keys of all sweeps, and those whose values differ between sweeps.
    """
    fixed = [sweep.fixed() if len(tables) > 1 else {} for sweep in tables]
    keys = dict.fromkeys(key for sweep in tables for key in sweep.keys)
    keys |= dict.fromkeys(differing_keys(fixed))
    rows = [
        row._replace(
            config={**alike, **row.config},
            dir=None if row.dir is None else str(sweep.directory / row.dir),
            sweep=str(sweep.directory),
        )
        for sweep, alike in zip(tables, fixed, strict=True)
        for row in sweep
    ]
    groups = frozenset[str]().union(*[sweep.groups for sweep in tables])
    derived = frozenset[str]().union(*[sweep.derived for sweep in tables])
    return Table(Path(), list(keys), groups, lambda: rows, derived=derived)


def metrics(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """The returned values by name: a dict's entries with dots, anything else as `value`.

    >>> metrics({"loss": {"train": 0.5, "test": "NaN"}}), metrics(0.5), metrics(None)
    ([('loss.train', 0.5), ('loss.test', nan)], [('value', 0.5)], [])
    """
    if not isinstance(value, dict):
        return [] if value is None else [(name or "value", _value(value))]
    entries = cast("dict[str, Any]", value)
    if UNSERIALIZABLE in entries:  # which JSON cannot represent
        return []
    before = f"{name}." if name else ""
    return [pair for key, entry in entries.items() for pair in metrics(entry, f"{before}{key}")]


def metrics_of(rows: Iterable[Row]) -> list[str]:
    """The names of the returned values, in the order of their first occurrence."""
    return list(dict.fromkeys(name for row in rows for name in row.metrics))


def _value(value: Any) -> Any:
    """A recorded value, with NaN and infinities restored from text."""
    return _NUMBERS.get(value, value) if isinstance(value, str) else value


def column_names(
    keys: Iterable[str], metrics: Iterable[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The column names of a table with these keys and metrics.

    >>> column_names(["lr", "dir"], ["lr", "loss"])
    ({'lr': 'lr', 'dir': 'config.dir'}, {'lr': 'metric.lr', 'loss': 'loss'})
    """
    taken = {*LEADING_COLUMNS, *RUN_COLUMNS}
    of_keys = {name: f"config.{name}" if name in taken else name for name in keys}
    taken.update(of_keys.values())
    return of_keys, {name: f"metric.{name}" if name in taken else name for name in metrics}


def tabulate(
    rows: Iterable[Row], keys: Iterable[str], metrics: Iterable[str], *, several: bool = False
) -> Iterator[list[Any]]:
    """The names of all columns, then each job's values; `several` adds a column for the sweep."""
    of_keys, of_metrics = column_names(keys, metrics)
    first = LEADING_COLUMNS if several else LEADING_COLUMNS[1:]
    yield [*first, *of_keys.values(), *RUN_COLUMNS, *of_metrics.values()]
    for row in rows:
        yield [
            *[getattr(row, name) for name in first],
            *map(row.config.get, of_keys),
            *[getattr(row, name) for name in RUN_COLUMNS],
            *map(row.metrics.get, of_metrics),
        ]


def write_results(jobs: Table, metrics: Iterable[str]) -> None:
    """Writes `results.csv` in the directory of a sweep, atomically.

    Its columns are those of `params_proto.results`, with directories relative to the sweep
    directory. It is written whenever a sweep ends, so without pandas, whose import takes time.
    """
    lines = map(csv_line, tabulate(jobs, jobs.keys, metrics))
    _files.write(jobs.directory / RESULTS, lines, durable=False, as_folder=True)
