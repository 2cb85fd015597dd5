"""The options of the sweeper: `hydra/sweeper=params_proto`, `hydra.sweeper.*`.

Hydra imports this module for every app in the environment, so it imports nothing of `params_proto`.
"""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore


@dataclass
class ParamsProtoSweeperConf:
    """The node `hydra.sweeper`."""

    _target_: str = "hydra_plugins.params_proto_sweeper.sweeper.ParamsProtoSweeper"
    # Swept values stay values: a `_target_` in one of them is for the job to instantiate.
    _recursive_: bool = False
    # What to run: steps (product, zip, chain, set, ...), a list of such mappings, a file that
    # Sweep.save wrote, package.module:attribute or path/to/file.py:attribute.
    sweep: Any = None
    # Sweeps in the syntax of the command line, by key, as the basic sweeper has them.
    params: dict[str, str] = field(default_factory=dict[str, str])
    # Keys swept on the command line or in params to pair: 'hydra.sweeper.zip=[lr,batch_size]',
    # in quotes for the shell, or a list of such lists.
    zip: Any = None
    # The part of the sweep to run, as Python slices: 0:3 for a first try, 2::8 for one of eight
    # machines. A job's number, and so its directory, is its index in the whole sweep. In a YAML
    # file it is in quotes, as YAML reads 1:30 as a number.
    slice: Any = None
    # The most jobs to hand to the launcher at once; the launcher sees the next batch when these
    # are done. By default all of them, or 1000 at a time where there are more.
    max_batch_size: int | None = None
    # How jobs' configs are composed: cached, what they have in common once, or hydra, which is
    # Hydra's own way, anew for each job.
    compose: str = "cached"
    # Whether to run in a directory that holds a sweep already, over the files of that one.
    overwrite: bool = False
    # The sweep to go on with, of which only runs what is missing: its directory, or true for
    # the one in hydra.sweep.dir, which is started there if there is none.
    resume: Any = None
    # Jobs of which status run again: [failed], [failed,crashed,interrupted] by default, or all,
    # completed ones as well. Jobs that have not run do so in any case.
    rerun: Any = None
    # Whether to resume although the app's config, or the script, is not what it was when the
    # sweep began: true, or a list of the keys of the config that may differ, like
    # [machine.memory,host], each with what is below it.
    resume_changed: Any = False
    # How many jobs may fail before no more jobs start: 0 to stop at the first that does. By
    # default all run.
    max_failures: int | None = None
    # How often a job that failed, or whose process died, is run again after its batch.
    retries: int = 0
    # The seconds that a job may take. It is stopped in Python code, by a signal; a launcher
    # that has a limit of its own (submitit: timeout_min) is to be given that one.
    timeout: float | None = None
    # Whether to show the jobs, and start and write nothing: true for a table, json for a line
    # of JSON a job.
    dry_run: Any = False
    # Whether to show, on standard error, how far the sweep is, and its table when it ends.
    progress: bool = True
    # What jobs return by which one is the best, as accuracy or loss.test, and whether less of
    # it is better, minimize, or more, maximize. By default it is the number that jobs return;
    # and more of acc, accuracy, auc, bleu, f1, iou, map, precision, r2, recall, return, reward
    # or score, also as val/acc or test_f1, and less of anything else.
    metric: Any = None
    direction: Any = None


ConfigStore.instance().store(
    group="hydra/sweeper",
    name="params_proto",
    node=ParamsProtoSweeperConf,
    provider="hydra-params-proto",
)
