"""Resources that note what becomes of them, and runs that end in all the ways that there are."""

import threading
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from anyio.lowlevel import checkpoint

from flowdeco import Resource, resource


class Diary:
    """What resources have written down: when they were opened, what was raised in them, and when they were closed."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.raised: dict[str, BaseException] = {}
        self.threads: dict[str, set[int]] = {}

    def note(self, entry: str) -> None:
        """Write something down."""
        self.entries.append(entry)
        self.threads.setdefault(entry.partition(" ")[2], set()).add(threading.get_ident())

    def make(self, name: str, *, is_async: bool, needs: Any = None, **options: Any) -> Resource[..., Any]:
        """A resource that gives its name in capitals."""
        return resource(self._async(name) if is_async else self._plain(name), name=name, **options)

    def _plain(self, name: str) -> Callable[..., Any]:
        def opened() -> Generator[str]:
            self.note(f"open {name}")
            try:
                yield name.upper()
            except BaseException as error:
                self.raised[name] = error
                raise
            finally:
                self.note(f"close {name}")

        return opened

    def _async(self, name: str) -> Callable[..., Any]:
        async def opened() -> AsyncGenerator[str]:
            self.note(f"open {name}")
            try:
                yield name.upper()
            except BaseException as error:
                await checkpoint()  # as what rolls back
                self.raised[name] = error
                raise
            finally:
                await checkpoint()
                self.note(f"close {name}")

        return opened
