"""What the sweeper does: which jobs there are, and running them through the launcher."""

from params_proto.multirun.context import AppContext as AppContext
from params_proto.multirun.job_runner import JobRunner as JobRunner
from params_proto.multirun.options import Options as Options
from params_proto.multirun.ranks import run_as_rank as run_as_rank
from params_proto.multirun.resume import resume_target as resume_target
from params_proto.multirun.run import run as run
