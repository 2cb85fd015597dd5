"""What came out of sweeps, a row for each job: read from their records, with or without pandas."""

from params_proto.table.rows import Row as Row
from params_proto.table.rows import Table as Table
from params_proto.table.rows import table as table
