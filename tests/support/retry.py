"""What the tests of retry share."""

from tests.model.retry_scripts import is_offline

OFFLINE = ConnectionError("offline")

TASK = "task 'page'"

HUGE = 10**400


def differs(waited: float, wanted: float | tuple[float, float]) -> bool:
    low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    return not low - 1e-9 <= waited <= high + 1e-9


class Verdict:
    """A predicate that is no function."""

    def __call__(self, error: Exception, strict: bool = False) -> bool:
        return is_offline(error)

    def judge(self, error: Exception) -> bool:
        return is_offline(error)
