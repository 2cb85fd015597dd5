"""A clock that somebody sets again and again, by hours: Python imports this before all else."""

import datetime
import random
import time

_time = time.time
_Datetime = datetime.datetime


def jumping() -> float:
    return _time() + random.choice([-5, -1, 0, 2, 7]) * 3600


class Datetime(_Datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(jumping(), tz)


time.time = jumping
datetime.datetime = Datetime
