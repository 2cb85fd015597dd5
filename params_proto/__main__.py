"""`python -m params_proto`."""

import sys

from params_proto.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
