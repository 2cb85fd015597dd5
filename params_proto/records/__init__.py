"""The status and result of each job of a sweep, kept in its directory: `.sweep/`.

This package needs neither Hydra nor the sweeper: any process can claim a sweep's jobs. Records are
JSON, for other programs such as `jq`.
"""

from params_proto.records.record import FAILURES as FAILURES
from params_proto.records.record import Failure as Failure
from params_proto.records.record import Record as Record
from params_proto.records.record import Status as Status
from params_proto.records.store import JobStore as JobStore
