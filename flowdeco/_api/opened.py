"""`opened()` for several workflows at once."""

from __future__ import annotations

from typing import Any, TypeVarTuple, cast

from .._base.errors import OptionTypeError
from .._base.text import shorten
from .._definition.definition import definition_behind
from .._definition.face import is_face
from .opened_block import Opened
from .workflow import Workflow

__all__ = ["opened"]


Ws = TypeVarTuple("Ws")  # workflows: only so do type checkers know which of them is which in the block


def opened(*workflows: *Ws, **inputs: Any) -> Opened[tuple[*Ws]]:
    """Have the shared resources of workflows open for a block: `with opened(w1, w2, url=...):`, or `async with`.

    In the block, the workflows use what is open, from whatever task or thread they are called; what they have in common
    is opened once. In a run of another workflow, that is a recorded call of whoever calls. All of it runs on the event
    loop of the block, also plain calls in threads and what is awaited on another event loop: in a `with`, that is one
    of its own, as the first workflow's `backend=` says. Leaving the block waits for the calls under way, and closes
    what is open. No error of a run is raised in it; if the block is left by an error, or cancelled, `RunCancelled` is;
    it names that error. If the background work of a resource fails, that fails the calls under way and all that come
    after.

    Args:
        *workflows: the workflows.
        **inputs: those inputs of theirs that the resources need. Calls in the block get them, too, and give the others:
            the signatures show these, and positional arguments follow them.

    Returns:
        What `with` or `async with` enters; `as` gives a tuple of the workflows, in the same order.

    Raises:
        OptionTypeError: there is no workflow, or something that is none.
        InputError: an input is missing, or there is none of that name.
        ResourceError: a workflow is opened already.
        RunningLoopError: a plain `with` on a thread whose event loop is running.
        Exception: what the opening of a resource raises for good, as it is.
    """
    given = cast("tuple[Workflow[Any, Any], ...]", workflows)
    wrong: list[object] = [each for each in given if not is_face(each) or not definition_behind(each).is_workflow]
    if wrong:
        message = f"Cannot open {shorten(wrong[0])}: it is no workflow. Give workflows, and inputs by name."
        raise OptionTypeError(message, option="workflows", value=wrong[0])
    if not given:
        message = "Cannot open nothing: no workflow was given. Give those that are called in the block."
        raise OptionTypeError(message, option="workflows", value=())
    return Opened([each._definition for each in given], workflows, inputs, is_shared=True)
