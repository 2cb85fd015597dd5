"""What a target takes: the names of its fields, their types, and values converted without loss."""

from params_proto.fields.convert import convert as convert
from params_proto.fields.signature import REQUIRED as REQUIRED
from params_proto.fields.signature import Field as Field
from params_proto.fields.signature import Target as Target
from params_proto.fields.signature import describe as describe
