"""A library that takes some seconds to import, like torch."""

import os
import time

time.sleep(float(os.environ.get("IMPORTS", "0")))

now = time.time
