"""Fields as a structured config, and a structured config as native values."""

from params_proto.schema.readback import native as native
from params_proto.schema.structure import escape as escape
from params_proto.schema.structure import structured as structured
