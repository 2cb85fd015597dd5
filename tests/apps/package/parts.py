"""A prefix class of another module than the app's."""

from params_proto import proto


@proto.prefix
class Model:
    width: tuple[int, ...] = (1,)
