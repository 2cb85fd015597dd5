"""The lazy algebra: finite, ordered spaces of configs that know their size and any of their rows.

A node computes its size from its parts, writes row `i` into a dict in O(number of axes), and finds
the rows that equal a given config without walking, wherever its parts allow it.
"""

from params_proto.space.axes import Ragged as Ragged
from params_proto.space.axes import Rows as Rows
from params_proto.space.axes import axis as axis
from params_proto.space.axes import indices as indices
from params_proto.space.grid import Grid as Grid
from params_proto.space.node import Config as Config
from params_proto.space.node import Space as Space
from params_proto.space.views import Concat as Concat
from params_proto.space.views import Derived as Derived
from params_proto.space.views import Filtered as Filtered
from params_proto.space.views import Picked as Picked
from params_proto.space.views import Renamed as Renamed
from params_proto.space.views import Shuffled as Shuffled
