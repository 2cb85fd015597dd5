"""The models of a sweep over seeds, side by side."""

import sys

from params_proto import results, summarize

table = results(sys.argv[1])
print(summarize(table, "accuracy", over="seed").round(2))
