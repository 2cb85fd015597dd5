"""What a target takes: the names of its fields, their types, and values converted without loss."""

from params_proto.fields.conversion import convert as convert
from params_proto.fields.signatures import REQUIRED as REQUIRED
from params_proto.fields.signatures import Field as Field
from params_proto.fields.target import Target as Target
from params_proto.fields.target import describe as describe
