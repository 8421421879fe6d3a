"""`opened()`: shared resources are open for as long as a block, and so for all calls in it.

They are the resources of a run of their own, which does nothing else: opening, retries, hooks, closing and the record
are those of any run. It goes on beside the block, in a task of the event loop that all runs in the block are driven on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._base.errors import InputError, ResourceError, RunningLoopError
from .._base.signature import MISSING, Param
from .._base.text import listed, nearest
from .._graph.graph import Graph
from .._graph.node import Node
from .runnable_workflow import RunnableWorkflow

if TYPE_CHECKING:
    from .._scheduler.shared_block import SharedBlock

__all__ = ["Opened"]

T = TypeVar("T")


class Opened(Generic[T]):
    """A block in which shared resources are open; made by `opened()` and `w.opened()`, and entered once.

    Args:
        definitions: the workflows that use what is open.
        answer: what entering it gives.
        inputs: the inputs that were given.
        is_shared: whether others may call these workflows, too, and open them.
    """

    def __init__(
        self, definitions: Sequence[RunnableWorkflow], answer: T, inputs: Mapping[str, Any], *, is_shared: bool
    ) -> None:
        self._definitions = definitions
        self._answer = answer
        self._inputs = inputs
        self._is_shared = is_shared
        self._stack = ExitStack()
        self._entered: AbstractAsyncContextManager[SharedBlock] | None = None

    def __enter__(self) -> T:
        from anyio.from_thread import start_blocking_portal

        from .._base.event_loop import find_token  # who only defines workflows needs no event loop

        if find_token() is not None:
            message = f"Cannot open {self._name}: this thread's event loop is running. Use: async with ..."
            raise RunningLoopError(message, workflow=self._definitions[0].name)
        execution = self._definitions[0].execution
        self._check_free()
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(execution.backend, execution.backend_options))
            entered: AbstractContextManager[SharedBlock] = portal.wrap_async_context_manager(self._open())
            self._set_block(stack.enter_context(entered))
            self._stack = stack.pop_all()
        return self._answer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stack.__exit__(kind, error, trace)
        finally:
            self._set_block(None)

    async def __aenter__(self) -> T:
        self._check_free()
        self._entered = entered = self._open()
        self._set_block(await entered.__aenter__())
        return self._answer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._entered is not None
        try:
            await self._entered.__aexit__(kind, error, trace)
        finally:
            self._set_block(None)

    @property
    def _name(self) -> str:
        return f"the resources of {listed([each.name or 'workflow' for each in self._definitions], 20)}"

    def _check_free(self) -> None:
        for each in self._definitions if self._is_shared else ():
            if each.block is not None:
                message = (
                    f"Cannot open {self._name}: workflow {each.name!r} is opened already. Open it once, around all "
                )
                raise ResourceError(
                    f"{message}that call it, or use: with {each.name}.opened() as ...", resource=each.name
                )

    def _set_block(self, block: SharedBlock | None) -> None:
        for each in self._definitions:
            each.block = block

    def _open(self) -> AbstractAsyncContextManager[SharedBlock]:
        from .._graph.shared_graph import find_shared
        from .shared_run import open_shared

        graphs = [each.compiler.plan().graph for each in self._definitions]
        nodes = find_shared(graphs)
        params = self._list_inputs(graphs, nodes)
        given = {**{param.name: param.default for param in params}, **self._inputs}
        own = {param.name: given[param.name] for param in params}
        return open_shared(self._name, self._definitions[0], nodes, params, own, self._inputs)

    def _list_inputs(self, graphs: Sequence[Graph], nodes: Sequence[Node]) -> list[Param]:
        """Return the inputs that the resources need. Raises `InputError` if one is missing, or a given one unknown."""
        from .._graph.shared_graph import list_inputs

        known = {name: param for graph in reversed(graphs) for name, param in graph.input_params.items()}
        needed = list_inputs(nodes, known)
        names = tuple({**needed, **known})
        for name in self._inputs:
            if name not in names:
                hint = nearest(name, names) or f" Their inputs are {listed(names, 20) or 'none'}."
                message = f"Cannot open {self._name}: they get an unexpected input {name!r}.{hint}"
                raise InputError(message, workflow=graphs[0].name, inputs=names)
        for name, (param, taker) in needed.items():
            if name not in self._inputs and param.default is MISSING:
                message = f"Cannot open {self._name}: resource {taker!r} needs the input {name!r}. "
                message += f"Give it: opened({name}=...)."
                raise InputError(message, workflow=graphs[0].name, inputs=names)
        return [param for param, _ in needed.values()]
