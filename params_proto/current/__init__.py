"""The values now: what a bind, the running job or an assignment gives to a parameter."""

from params_proto.current.layers import ABSENT as ABSENT
from params_proto.current.layers import Held as Held
from params_proto.current.layers import Key as Key
from params_proto.current.layers import Layer as Layer
from params_proto.current.layers import assign as assign
from params_proto.current.layers import forget as forget
from params_proto.current.layers import holds as holds
from params_proto.current.layers import in_job as in_job
from params_proto.current.layers import key_of as key_of
from params_proto.current.layers import lookup as lookup
from params_proto.current.layers import place_of as place_of
from params_proto.current.layers import shared as shared
from params_proto.current.layers import top as top
from params_proto.current.layers import values_of as values_of
