"""The commands `flowdeco graph` and `flowdeco check`."""

from tests.support.cli import SHOP, Command, write


def test_graph_prints_a_tree_or_what_is_asked_for(flowdeco: Command) -> None:
    write("shop.py", SHOP)
    code, out, err = flowdeco("graph", "shop.py")
    assert (code, err) == (0, "")
    assert str(out).splitlines()[:2] == ["offer(item, count, gift_wrap)", "├── item (input)"]
    assert flowdeco("graph", "shop.py:offer", "--format", "mermaid").out.startswith("graph TD\n")
    assert flowdeco("graph", "--format", "dot", "shop.py:offer").out.startswith("digraph ")


def test_check_finds_what_is_wrong_with_every_workflow_of_a_file(flowdeco: Command) -> None:
    text = """
        from flowdeco import task, workflow
        @task
        def text() -> str: return ""
        @task
        def double(text: int) -> int: return text * 2
        @workflow
        def one(double): return double
        @workflow
        def two(double): return double
        @workflow
        def three(*values): return values
        """
    write("all.py", text)
    code, out, err = flowdeco("check", "all.py")
    assert (code, err) == (1, "")
    assert str(out).startswith("Cannot build workflow 'three': ")
    assert [*flowdeco("check", "all.py:one")] == [0, "no problems\n", ""]
    code, out, err = flowdeco("check", "all.py", "--types")
    assert (code, err) == (1, "")
    assert [line.split("'")[1] for line in str(out).splitlines()] == ["one", "two", "three"]


def test_check_finds_a_default_that_hides_a_misspelt_name(flowdeco: Command) -> None:
    text = """
        from flowdeco import task, workflow
        @task
        def discount(): return 0.5
        @task
        def price(base, discont=0.0): return base * (1 - discont)
        @workflow
        def offer(base, price): return price
        """
    write("shop.py", text)
    code, out, err = flowdeco("check", "shop.py")
    assert (code, err) == (1, "")
    assert "takes the default of its parameter 'discont', and there is a task 'discount'." in str(out)
