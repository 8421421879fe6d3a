"""Hooks, `metadata=` and `settled=` are checked when the decorator runs."""

from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError
from tests.support.hooks import HOOKS
from tests.support.names_rules import page
from tests.support.options import both, error_of
from tests.support.policy_options import CAN_GET, ask_url, refuse, shortened


def ask_eror(eror: Exception) -> None: ...


# Hooks, which both decorators have


@both
@pytest.mark.parametrize("option", HOOKS)
def test_a_hook_that_asks_for_what_there_is_not_is_refused_with_the_list(
    decorate: Any, subject: str, option: str
) -> None:
    for given in (ask_url, [print, ask_url], (ask_url,)):
        error = error_of(decorate, **{option: given})
        says = f"Cannot define {subject}: 'ask_url' in {option}= asks for 'url', which it cannot get. {CAN_GET}"
        refuse(error, says, kind=OptionError, option=option, value=ask_url)


@both
def test_a_hook_that_misspells_what_it_asks_for_is_told_the_nearest(decorate: Any, subject: str) -> None:
    for given in (ask_eror, {ValueError: print, Exception: ask_eror}):
        error = error_of(decorate, on_error=given)
        says = f"Cannot define {subject}: 'ask_eror' in on_error= asks for 'eror', which it cannot get. "
        says += f"Did you mean 'error'? {CAN_GET}"
        refuse(error, says, kind=OptionError, option="on_error", value=ask_eror)


@both
@pytest.mark.parametrize("option", HOOKS)
@pytest.mark.parametrize("value", [5, "print", True, {print}], ids=lambda v: type(v).__name__)
def test_a_hook_that_cannot_be_called_is_refused(decorate: Any, subject: str, option: str, value: Any) -> None:
    error = error_of(decorate, **{option: value})
    says = f"Cannot define {subject}: {option}={value!r} cannot be called. Give a function."
    refuse(error, says, kind=OptionTypeError, option=option, value=value)
    error = error_of(decorate, **{option: [print, value]})
    says = f"Cannot define {subject}: {option}={[print, value]!r} has {value!r} in it, which cannot be called. "
    refuse(error, says + "Give a function.", kind=OptionTypeError, option=option, value=[print, value])


@both
@pytest.mark.parametrize("option", HOOKS[:-1])
def test_only_on_error_may_be_a_mapping(decorate: Any, subject: str, option: str) -> None:
    value = {ValueError: print}
    error = error_of(decorate, **{option: value})
    says = f"Cannot define {subject}: {option}={value!r} is a mapping, which only on_error= can be. "
    says += "Give a function, or a list of functions."
    refuse(error, says, kind=OptionTypeError, option=option, value=value)


@both
@pytest.mark.parametrize("key", [5, "ValueError", int, ValueError("no"), (ValueError, KeyError)], ids=repr)
def test_on_error_by_what_is_no_type_of_error_is_refused(decorate: Any, subject: str, key: Any) -> None:
    value = {key: print}
    error = error_of(decorate, on_error=value)
    says = f"Cannot define {subject}: on_error={value!r} has the key {key!r}, which is not an exception type. "
    says += "Give one, as in {ConnectionError: ...}."
    refuse(error, says.replace(repr(value), shortened(value)), kind=OptionTypeError, option="on_error", value=value)


@both
def test_on_error_by_type_must_give_functions(decorate: Any, subject: str) -> None:
    value: Any = {ValueError: [print]}
    error = error_of(decorate, on_error=value)
    says = f"Cannot define {subject}: on_error={shortened(value)} gives ValueError [<built-in function print>], "
    says += "which cannot be called. Give a function."
    refuse(error, says, kind=OptionTypeError, option="on_error", value=value)


# metadata= and settled=, which both have


@both
@pytest.mark.parametrize("value", [5, "team", [("owner", "me")], {5: "me"}, {"owner": 1, None: 2}], ids=repr)
def test_metadata_that_is_no_mapping_of_strings_is_refused(decorate: Any, subject: str, value: Any) -> None:
    error = error_of(decorate, metadata=value)
    says = f"Cannot define {subject}: metadata={value!r} is not a mapping with strings for keys. "
    says += "Give one, as in {'owner': 'data team'}."
    refuse(error, says, kind=OptionTypeError, option="metadata", value=value)


@both
@pytest.mark.parametrize("value", [5, True, b"page", {"page"}, {"page": True}, page], ids=lambda v: type(v).__name__)
def test_settled_that_is_no_name_and_no_list_is_refused(decorate: Any, subject: str, value: Any) -> None:
    error = error_of(decorate, settled=value)
    says = f"Cannot define {subject}: settled={value!r} is not the name of a parameter, or a list of names."
    refuse(error, says, kind=OptionTypeError, option="settled", value=value)


@both
def test_settled_that_names_no_parameter_is_refused_with_the_nearest(decorate: Any, subject: str) -> None:
    error = error_of(decorate, settled="pgae")
    says = f"Cannot define {subject}: settled='pgae' names 'pgae', which is not a parameter of the function. "
    refuse(error, says + "Did you mean 'page'?", kind=OptionError, option="settled", value="pgae")
    error = error_of(decorate, settled=["page", "x"])
    says = f"Cannot define {subject}: settled=['page', 'x'] names 'x', which is not a parameter of the function. "
    says += "It has 'page', 'rest', 'depth' and 'more'."
    refuse(error, says, kind=OptionError, option="settled", value=["page", "x"])
    error = error_of(decorate, lambda: 1, name="none", settled=[5])
    says = f"Cannot define {subject.replace('read', 'none')}: settled=[5] names 5, which is not a parameter of the "
    refuse(error, says + "function. It has none.", kind=OptionError, option="settled", value=[5])
