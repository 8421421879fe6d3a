"""Import is availability; and inputs that are shadowed by it."""

from typing import Any

import pytest

from flowdeco import ShadowedInputError, workflow
from tests.conftest import Backend
from tests.support.naming import mention, on
from tests.support.steps import disk, library, web
from tests.support.steps.web import fetch
from tests.support.steps.web import fetch as page_by_alias

mention(page_by_alias)


@workflow(tasks=[fetch])
def by_import(url: str, fetch: str) -> str:
    return fetch


@workflow(needs={"both": ["page_by_alias", "fetch"]})
def by_alias(url: str, page_by_alias: str, both: Any) -> Any:
    return page_by_alias, both


# Import is availability


def test_an_imported_task_is_available_under_its_name(backend: Backend) -> None:
    assert on(by_import, backend)("u") == "page of u"


def test_an_imported_task_is_available_under_another_name_and_stays_the_same_task(backend: Backend) -> None:
    assert on(by_alias, backend)("u") == ("page of u", ["page of u", "page of u"])
    assert len(by_alias.graph) == 1


def test_two_modules_may_have_a_task_of_the_same_name(backend: Backend) -> None:
    @workflow(needs={"one": web.load, "two": disk.load, "words": disk.words})
    def w(one: str, two: str, words: list[str]) -> Any:
        return one, two, words

    assert on(w, backend)() == ("from the web", "from the disk", ["from", "the", "disk"])


def test_a_task_that_is_not_in_reach_is_not_found() -> None:
    @workflow(needs={"words": disk.words})
    def w(words: list[str], title: str) -> Any:
        return words, title

    # The module of `title` is imported, but not the task.
    assert w.graph.inputs == ("title",)


# Shadowed inputs


def test_an_input_that_a_library_s_own_task_shadows_is_reported_by_check(backend: Backend) -> None:
    @workflow(tasks=[library.listing])
    def w(folder: str, listing: str) -> str:
        return listing

    with pytest.raises(ShadowedInputError) as caught:
        w.check()
    assert str(caught.value) == (
        "Cannot accept workflow 'w': task 'listing' receives the task 'folder' that is in reach where it is "
        "defined, not the input of that name. Rename the input, or say which with needs=."
    )
    assert (caught.value.workflow, caught.value.function, caught.value.parameter) == ("w", "listing", "folder")
    assert on(w, backend)(folder="mine") == "files of the library's own folder"


def test_an_input_that_is_given_by_hand_shadows_nothing() -> None:
    listing = library.listing.with_options(needs={"folder": library.folder})
    mention(listing)

    @workflow
    def w(folder: str, listing: str) -> str:
        return listing

    w.check()
