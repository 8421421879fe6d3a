"""What the command ends with. A signal counts as 128 and its number, as in a shell."""

__all__ = ["FAILURE", "INTERRUPTED", "NOT_PRINTED", "OUTPUT_CLOSED", "SUCCESS", "TERMINATED", "USAGE"]

SUCCESS = 0
# The run has failed, or the graph is wrong.
FAILURE = 1
# The command line is wrong; nothing has run.
USAGE = 2
# The run was completed, but its result cannot be printed as it was asked for.
NOT_PRINTED = 3
INTERRUPTED = 130
OUTPUT_CLOSED = 141
TERMINATED = 143
