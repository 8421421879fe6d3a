"""What the tests of state changes share."""

from collections.abc import Callable
from threading import Barrier, Thread

from flowdeco._state.field import field
from flowdeco._state.state import State
from flowdeco._state.store import Change


class Budget(State):
    tokens: int = 0
    messages: list[str] = field(factory=list[str])


def told(changes: list[Change]) -> list[tuple[object, object, object]]:
    return [(change.key, change.value, change.previous) for change in changes]


def run_in_threads(count: int, function: Callable[[int], object]) -> None:
    """Call `function` in that many threads, which begin at the same time."""
    barrier = Barrier(count)

    def begin(number: int) -> None:
        barrier.wait()
        function(number)

    threads = [Thread(target=begin, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
