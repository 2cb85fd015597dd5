"""The work of the sweeper: plans the jobs of a sweep and runs them through the launcher."""

from params_proto.multirun.context import AppContext as AppContext
from params_proto.multirun.context import ResumeTarget as ResumeTarget
from params_proto.multirun.directories import reserve_directory as reserve_directory
from params_proto.multirun.errors import reported_by_hydra as reported_by_hydra
from params_proto.multirun.job_runner import ANNOUNCEMENT as ANNOUNCEMENT
from params_proto.multirun.job_runner import JobRunner as JobRunner
from params_proto.multirun.options import Options as Options
from params_proto.multirun.run import run as run
