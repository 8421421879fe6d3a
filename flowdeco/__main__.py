"""`python -m flowdeco`, the same as the command `flowdeco`."""

import sys

from flowdeco.cli.main import main  # in full: a worker process runs this file by its path

if __name__ == "__main__":
    sys.exit(main())
