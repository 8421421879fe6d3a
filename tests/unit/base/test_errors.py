"""Every error of ours: what it is besides, what it carries, and that it can be copied and sent elsewhere."""

import copy
import inspect
import pickle
from typing import Any, get_type_hints

import pytest

import flowdeco
from flowdeco import FlowdecoError, GraphError, MissingDependencyError, task
from flowdeco._base import errors, graph_errors
from tests.support.steps import web

CLASSES = [
    value
    for module in (errors, graph_errors)
    for name in module.__all__
    if isinstance(value := getattr(module, name), type) and issubclass(value, FlowdecoError)
]
each_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)

BUILT_IN: dict[str, tuple[type[Exception], ...]] = {
    "FlowdecoError": (),
    "OptionError": (ValueError,),
    "OptionTypeError": (ValueError, TypeError),
    "InputError": (TypeError,),
    "CallError": (TypeError,),
    "RunningLoopError": (RuntimeError,),
    "UnknownTaskError": (KeyError,),
    "OutputError": (ValueError,),
    "TaskTimeoutError": (TimeoutError,),
    "WorkflowTimeoutError": (TimeoutError,),
    "StrayCancellationError": (RuntimeError,),
    "AbandonedError": (RuntimeError,),
    "LimitError": (RuntimeError,),
    "RemoteError": (RuntimeError,),
    "TransferError": (RuntimeError, pickle.PicklingError),
    "WorkerLostError": (RuntimeError,),
    "MainGuardError": (RuntimeError,),
    "StateFieldError": (AttributeError,),
    "StateKeyError": (KeyError,),
    "StateTypeError": (TypeError,),
    "StateValidationError": (ValueError,),
    "UnknownMetricError": (KeyError,),
}


def attributes_of(kind: type) -> list[str]:
    """Return the attributes that a class says its instances have."""
    return [name for name in get_type_hints(kind) if not name.startswith("_")]


def make(kind: type[FlowdecoError]) -> FlowdecoError:
    """Return an error with something in each attribute."""
    values: dict[str, Any] = {name: (name, 5, web.fetch) for name in attributes_of(kind)}
    return kind("Cannot do it: no. Try again.", **values)


def assert_same(one: BaseException, other: BaseException) -> None:
    assert type(one) is type(other)
    assert one is not other
    assert one.args == other.args
    assert vars(one) == vars(other)
    assert str(one) == str(other) == "Cannot do it: no. Try again."
    assert getattr(one, "__notes__", None) == ["a note"]


@each_class
def test_an_error_is_pickled_and_copied_with_all_it_carries(kind: type[FlowdecoError]) -> None:
    error = make(kind)
    error.add_note("a note")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert_same(pickle.loads(pickle.dumps(error, protocol)), error)
    assert_same(copy.copy(error), error)
    assert_same(copy.deepcopy(error), error)


def test_an_error_of_several_problems_is_pickled_with_them() -> None:
    error = GraphError("Cannot do it: no. Try again.", workflow="w")
    error._problems = (MissingDependencyError("first", parameter="x"), MissingDependencyError("second", parameter="y"))
    again = pickle.loads(pickle.dumps(error))
    assert [(str(p), p.parameter) for p in again.problems] == [("first", "x"), ("second", "y")]
    alone = MissingDependencyError("alone", parameter="x")
    assert pickle.loads(pickle.dumps(alone)).problems[0].parameter == "x"
    assert alone.problems == (alone,)


@each_class
def test_every_error_is_one_of_ours_and_what_python_would_raise(kind: type[FlowdecoError]) -> None:
    assert kind.__name__ in flowdeco.__all__
    assert issubclass(kind, FlowdecoError)
    if issubclass(kind, GraphError):
        assert issubclass(kind, ValueError)
    for expected in BUILT_IN.get(kind.__name__, ()):
        assert issubclass(kind, expected)


@each_class
def test_every_error_names_its_attributes_in_its_documentation(kind: type[FlowdecoError]) -> None:
    documentation = inspect.getdoc(kind) or ""
    for name in attributes_of(kind):
        assert name in documentation or "Attributes: as of" in documentation or kind.__base__ is not FlowdecoError


def test_errors_of_real_mistakes_can_be_sent_elsewhere() -> None:
    with pytest.raises(flowdeco.OptionTypeError) as caught:
        task(web.fetch)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.value is web.fetch
    assert again.option == "function"
