"""What the tests of failure share."""

import traceback
from pathlib import Path

import flowdeco

OWN = str(Path(flowdeco.__file__).parent)


def own_frames(error: BaseException) -> list[str]:
    """Return the names of the library's functions in the traceback."""
    return [f.name for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(OWN)]
