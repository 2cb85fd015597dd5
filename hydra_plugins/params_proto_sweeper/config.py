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
    # A `_target_` in a swept value is for the job to instantiate.
    _recursive_: bool = False
    # The sweep to run: a mapping of steps (product, zip, chain, set, ...) or a list of mappings, a
    # file, or a Sweep in Python, path/to/file.py:name or package.module:name.
    sweep: Any = None
    # Sweeps by key, in the syntax of the command line, as for the basic sweeper.
    params: dict[str, str] = field(default_factory=dict[str, str])
    # Keys to pair, swept on the command line or in params: [lr,batch_size], or several such lists:
    # [[lr,batch_size],[model,seed]].
    zip: Any = None
    # The part of the sweep to run, as a Python slice: 0:3 for a first try, 2::8 for one of eight
    # machines. Jobs keep their numbers and directories. Quote it in YAML, where 1:30 is a number.
    slice: Any = None
    # How many jobs to hand to the launcher at once; the next batch follows when they are done. By
    # default all jobs, or 1000 at a time in larger sweeps.
    max_batch_size: int | None = None
    # How to compose the jobs' configs: cached composes what they have in common once, hydra leaves
    # each config to Hydra.
    compose: str = "cached"
    # Whether to run in a directory that already contains a sweep, overwriting its files.
    overwrite: bool = False
    # The directory of the sweep to resume; only missing jobs run. true means hydra.sweep.dir, and
    # starts the sweep if there is none.
    resume: Any = None
    # Which statuses to rerun when resuming: [failed,crashed,interrupted] by default, [failed] for
    # failed jobs only, all for completed ones as well. Jobs that have not run are always included.
    rerun: Any = None
    # Whether to resume although the app's config or script has changed since the sweep began:
    # true, or the config keys that may differ, with those below them: [machine.memory,host].
    resume_changed: Any = False
    # Stop starting jobs once more than this many have failed: 0 stops at the first failure. By
    # default all jobs run.
    max_failures: int | None = None
    # How many times to rerun a job that failed or whose process died, after its batch.
    retries: int = 0
    # The time limit of a job in seconds. If the launcher has its own (submitit: timeout_min), use
    # that one.
    timeout: float | None = None
    # Whether to show the jobs without starting or writing anything: true for a table, json for one
    # line of JSON per job.
    dry_run: Any = False
    # Whether to show progress and, at the end, the results table, on standard error.
    progress: bool = True
    # The returned value that ranks jobs, such as accuracy or loss.test, and whether lower values
    # are better (minimize) or higher ones (maximize). By default, the number that jobs return;
    # higher is better for acc, accuracy, auc, bleu, f1, iou, map, precision, r2, recall, return,
    # reward and score, also as in val/acc or test_f1, and lower for anything else.
    metric: str | None = None
    direction: Any = None
    # How many workers run the jobs: processes on this machine or, with submitit's or Ray's
    # launcher, tasks on a cluster. They finish the sweep even if this command is killed. By default
    # there are none, and the launcher runs the jobs.
    workers: int | None = None
    # This machine's GPUs for the workers, one each: auto for all, a number, or a list [0,1]; and
    # how many workers share a GPU.
    gpus: Any = None
    jobs_per_gpu: int = 1
    # Whether to wait for the workers. false returns as soon as they are started or submitted.
    wait: bool = True
    # How many seconds a worker's job has to end after SIGTERM before it is killed.
    grace: float = 30.0
    # The directory of the sweep that this process works on as a worker; see params-proto work.
    work: Any = None


ConfigStore.instance().store(
    group="hydra/sweeper",
    name="params_proto",
    node=ParamsProtoSweeperConf,
    provider="hydra-params-proto",
)
