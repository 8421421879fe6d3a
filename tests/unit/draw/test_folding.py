"""A graph of many boxes as one of few."""

from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Status
from flowdeco._draw.diagram import Box, Diagram, Line
from flowdeco._draw.folding import Folded, fold_diagram


def make(names: list[str], lines: list[tuple[int, int]], statuses: list[Status] | None = None) -> Diagram:
    found = [None] * len(names) if statuses is None else statuses
    boxes = [Box(name, "task", status=status) for name, status in zip(names, found, strict=True)]
    return Diagram("w", [*boxes, Box("w", "end")], [Line(*ends, "", "value") for ends in lines])


def labels_of(folded: Folded) -> list[str]:
    return [box.label.replace("\N{MULTIPLICATION SIGN}", "x") for box in folded.diagram.boxes]


def lines_of(folded: Folded) -> set[tuple[str, str]]:
    labels = labels_of(folded)
    return {(labels[line.source], labels[line.target]) for line in folded.diagram.lines}


def test_boxes_that_are_alike_become_one_that_says_how_many_they_are() -> None:
    names = ["days", *(f"load_{n:03}" for n in range(167)), "merged"]
    lines = [edge for n in range(1, 168) for edge in ((0, n), (n, 168))]
    folded = fold_diagram(make(names, [*lines, (168, 169)]), ["days", *["load"] * 167, "merged", "end"], 20)
    assert labels_of(folded) == ["days", "load_… x 167", "merged", "w"]
    assert lines_of(folded) == {("days", "load_… x 167"), ("load_… x 167", "merged"), ("merged", "w")}
    assert folded.groups[1] == list(range(1, 168))


def test_a_chain_of_equal_boxes_becomes_one() -> None:
    folded = fold_diagram(make([f"t{n}" for n in range(1000)], [(n, n + 1) for n in range(1000)]), ["t"] * 1001, 20)
    assert labels_of(folded) == ["t… x 1,000", "w"]


def test_groups_that_would_need_one_another_are_parted_by_layer() -> None:
    names = ["a0", "b0", "a1", "b1"]
    folded = fold_diagram(make(names, [(0, 1), (1, 2), (2, 3), (3, 4)]), ["a", "b", "a", "b", "end"], 20)
    assert labels_of(folded) == ["a0", "b0", "a1", "b1", "w"]


def test_boxes_of_which_no_two_are_alike_are_folded_by_layer() -> None:
    names = [f"{chr(97 + n)}{chr(97 + m)}" for n in range(4) for m in range(20)]
    lines = [(n, n + 20) for n in range(60)]
    folded = fold_diagram(make(names, [*lines, *((n, 80) for n in range(60, 80))]), [*names, "end"], 10)
    assert labels_of(folded) == ["aa … at x 20", "ba … bt x 20", "ca … ct x 20", "da … dt x 20", "w"]


def test_too_many_layers_become_bands() -> None:
    names = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(500)]
    folded = fold_diagram(make(names, [(n, n + 1) for n in range(500)]), [*names, "end"], 10)
    assert len(folded.groups) == 10
    assert labels_of(folded)[-1] == "w"


def test_the_box_for_many_stands_as_the_worst_of_them() -> None:
    statuses = [Status.COMPLETED, Status.FAILED, Status.CANCELLED]
    folded = fold_diagram(make(["t1", "t2", "t3"], [(0, 3), (1, 3), (2, 3)], statuses), ["t", "t", "t", "end"], 3)
    [box, _] = folded.diagram.boxes
    assert box.text == "✗ t… \N{MULTIPLICATION SIGN} 3"
    assert box.hint == "3 tasks, from t1 to t3: failed"


@given(st.data())
def test_every_box_is_in_one_group_and_every_line_leads_down(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 30))
    pairs = [(source, target) for target in range(count + 1) for source in range(target)]
    lines = data.draw(st.lists(st.sampled_from(pairs), unique=True, max_size=60))
    keys = data.draw(st.lists(st.sampled_from("abc"), min_size=count + 1, max_size=count + 1))
    most = data.draw(st.integers(3, 12))
    folded = fold_diagram(make([f"t{n}" for n in range(count)], lines), keys, most)
    assert sorted(member for group in folded.groups for member in group) == list(range(count + 1))
    assert all(line.source < line.target for line in folded.diagram.lines)
    assert len(folded.groups) <= most
    place = folded.group_of
    drawn = {(line.source, line.target) for line in folded.diagram.lines}
    assert drawn == {(place[s], place[t]) for s, t in lines if place[s] != place[t]}
