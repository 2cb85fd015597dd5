"""The values now: what a bind, the running job or an assignment gives to a parameter."""

from params_proto.app.layers import ABSENT as ABSENT
from params_proto.app.layers import Held as Held
from params_proto.app.layers import Key as Key
from params_proto.app.layers import Layer as Layer
from params_proto.app.layers import assign as assign
from params_proto.app.layers import forget as forget
from params_proto.app.layers import holds as holds
from params_proto.app.layers import in_job as in_job
from params_proto.app.layers import key_of as key_of
from params_proto.app.layers import lookup as lookup
from params_proto.app.layers import place_of as place_of
from params_proto.app.layers import shared as shared
from params_proto.app.layers import top as top
from params_proto.app.layers import values_of as values_of
