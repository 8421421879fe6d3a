"""Which nodes share an axis, and what each of their parameters receives for one item."""

from collections.abc import Iterator
from typing import Any

from flowdeco import task, value, workflow
from flowdeco._graph.source import FromInput, FromItem, FromItemOf, FromResult, FromStream, OfItem, Part


@task
def pages(site: str) -> Iterator[str]:
    yield site


@task(each={"page": pages})
def text(page: str) -> str:
    return page


def node_of(w: Any, key: object) -> Any:
    return w.graph.find(key)


def test_a_task_mapped_over_a_mapped_one_goes_item_by_item() -> None:
    @task(each="text")
    def words(text: str) -> int:
        return len(text)

    @workflow
    def count(site: str, words: list[int]) -> int:
        return sum(words)

    (axis,) = count.graph.axes
    assert axis.sources == (FromResult(pages._definition),)
    assert axis.labels == ("task 'pages'",)
    assert [count.graph.nodes[index].name for index in axis.stages] == ["text", "words"]
    assert node_of(count, text).sources == (FromItem(0, 0, FromResult(pages._definition)),)
    assert node_of(count, words).sources == (FromItemOf(text._definition),)
    assert node_of(count, words).axis is node_of(count, text).axis is axis
    assert node_of(count, pages).axis is None
    assert count.graph.body[1] == FromResult(words._definition)


def test_a_mapped_task_beside_the_source_of_its_axis_joins_that_axis() -> None:
    @task(each={"page": pages, "text": text})
    def joined(page: str, text: str) -> str:
        return page + text

    @workflow
    def w(site: str, joined: Any) -> Any:
        return joined

    assert len(w.graph.axes) == 1
    assert node_of(w, joined).sources == (FromItem(0, 0, FromResult(pages._definition)), FromItemOf(text._definition))


def test_several_sources_make_one_axis_whatever_their_order() -> None:
    @task(each={"a": "xs", "b": "ys"})
    def one(a: int, b: int) -> int:
        return a + b

    @task(each={"c": "ys", "d": "xs"})
    def other(c: int, d: int) -> int:
        return c + d

    @workflow
    def w(xs: list[int], ys: list[int], one: Any, other: Any) -> Any:
        return one, other

    (axis,) = w.graph.axes
    assert axis.sources == (FromInput("xs"), FromInput("ys"))
    assert [source.position for source in node_of(w, other).sources] == [1, 0]


def test_a_mapped_task_beside_what_was_made_of_all_of_it_makes_an_axis_over_the_whole_lists() -> None:
    @task
    def weights(text: list[str]) -> list[int]:
        return [len(text)] * len(text)

    @task(each={"text": text, "weight": weights})
    def weighed(text: str, weight: int) -> str:
        return text * weight

    @workflow
    def w(site: str, weighed: Any) -> Any:
        return weighed

    assert [axis.sources for axis in w.graph.axes] == [
        (FromResult(pages._definition),),
        (FromResult(text._definition), FromResult(weights._definition)),
    ]
    assert node_of(w, weighed).axis.index == 1


def test_an_item_is_taken_apart_for_a_tuple_of_parameters() -> None:
    grid = value([(1, 2)])

    def name(rate: int, index: int) -> Any:
        return rate, index

    @task(each={("rate", "depth"): grid}, key=name)
    def fit(rate: int, depth: int) -> int:
        return rate * depth

    @workflow
    def w(fit: Any) -> Any:
        return fit

    node = node_of(w, fit)
    assert [source.part for source in node.sources] == [Part(0, "rate", 2), Part(1, "depth", 2)]
    assert node.key[1] == (node.sources[0], OfItem("index"))


def test_a_stream_names_the_axis_of_what_it_is_of() -> None:
    @task(stream={"text": "ended"})
    def first(text: Any) -> Any:
        return next(text)

    @task(stream="pages")
    def batches(pages: Any) -> Any:
        return list(pages)

    @workflow
    def w(site: str, first: Any, batches: Any) -> Any:
        return first, batches

    assert node_of(w, first).sources == (FromStream(text._definition, None, "ended", 0),)
    assert node_of(w, batches).sources == (FromStream(pages._definition, None, "source", 0),)
