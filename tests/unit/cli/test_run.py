"""The command `flowdeco run`: it imports a workflow, runs it, and prints its result."""

import re

from tests.support.cli import SHOP, Command, write


def test_run_takes_inputs_as_options_and_prints_the_result(flowdeco: Command) -> None:
    write("shop.py", SHOP)
    answer = flowdeco("run", "shop.py:offer", "--item", "tea", "--count=3", "--gift-wrap")
    assert [*answer] == [0, "3 tea for 12.00, wrapped\n", ""]


def test_a_module_is_taken_as_well_as_a_file(flowdeco: Command) -> None:
    write("shops/__init__.py", "")
    write("shops/tea.py", SHOP)
    assert flowdeco("run", "shops.tea:offer", "--item", "tea").out == "1 tea for 4.00\n"


def test_an_async_def_workflow_is_run(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\nasync def one(n: int) -> int: return n")
    assert [*flowdeco("run", "one.py", "--n", "-7")] == [0, "-7\n", ""]


def test_nothing_is_printed_for_none(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(): pass")
    assert [*flowdeco("run", "one.py")] == [0, "", ""]
    assert [*flowdeco("run", "--json", "one.py")] == [0, "null\n", ""]


def test_a_file_is_imported_under_its_own_name_with_its_neighbours_in_reach(flowdeco: Command) -> None:
    write("far/neighbour.py", "VALUE = 5")
    write(
        "far/one.py",
        """
        from flowdeco import workflow
        import neighbour

        @workflow
        def one(): return f"{__name__} {neighbour.VALUE}"

        if __name__ == "__main__": raise AssertionError
        """,
    )
    assert flowdeco("run", "far/one.py").out == "one 5\n"


def test_a_file_in_a_package_is_imported_as_a_part_of_it(flowdeco: Command) -> None:
    write("far/shops/__init__.py", "")
    write("far/shops/deep/__init__.py", "")
    write("far/shops/deep/price.py", "PRICE = 5")
    text = "from flowdeco import workflow\nfrom .price import PRICE\n@workflow\ndef one(): return f'{__name__} {PRICE}'"
    write("far/shops/deep/one.py", text)
    assert flowdeco("run", "far/shops/deep/one.py").out == "shops.deep.one 5\n"


def test_the_only_workflow_that_a_file_defines_needs_no_name(flowdeco: Command) -> None:
    write("shop.py", SHOP)
    write(
        "more.py",
        "from flowdeco import workflow\nfrom shop import offer\n@workflow\ndef more(offer, item): return offer",
    )
    answer = flowdeco("run", "more.py", "--offer", "tea")
    assert answer.code == 2  # it is a task here, not an input
    assert answer.problem.endswith("unrecognized arguments: --offer tea. That is a task, not an input.")
    write("again.py", "from shop import offer\nsame = offer")
    assert flowdeco("run", "again.py", "--item", "tea").out == "1 tea for 4.00\n"


def test_a_workflow_is_found_by_a_dotted_name(flowdeco: Command) -> None:
    text = """
        from flowdeco import workflow
        class Group:
            @staticmethod
            def _one(): return 1
            one = workflow(_one)
        """
    write("one.py", text)
    assert flowdeco("run", "one.py:Group.one").out == "1\n"


def test_a_failed_run_shows_the_traceback_of_the_program_only(flowdeco: Command) -> None:
    path = write("shop.py", SHOP)
    code, out, err = flowdeco("run", "--traceback", "shop.py:offer", "--item", "milk")
    assert (code, out) == (1, "")
    assert [line for line in str(err).splitlines() if not line.strip(" ~^").startswith("return")] == [
        "Traceback (most recent call last):",
        f'  File "{path.resolve()}", line 11, in price',
        *re.findall(r".*~.*", str(err)),
        "KeyError: 'milk'",
        "Raised by task 'price' of workflow 'offer'.",
    ]


def test_an_error_of_flowdeco_is_shown_without_our_frames(flowdeco: Command) -> None:
    text = """
        from flowdeco import task, workflow
        @task(outputs=("a", "b"))
        def pair(): return 1
        @workflow
        def one(a): return a
        """
    write("one.py", text)
    answer = flowdeco("run", "--traceback", "one.py")
    assert answer.code == 1
    assert answer.err.startswith("flowdeco.OutputError: ")


def test_a_skipped_run_is_no_failure(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import Skip, workflow\n@workflow\ndef one(why): raise Skip(why)")
    assert [*flowdeco("run", "one.py", "--why", "no tea")] == [0, "", "Workflow 'one' was skipped: no tea\n"]
    assert flowdeco("run", "one.py", "--why", "").err == "Workflow 'one' was skipped\n"
    assert flowdeco("run", "--json", "one.py", "--why", "").out == "null\n"


def test_an_exit_of_the_program_is_the_exit_of_the_command(flowdeco: Command) -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(): raise SystemExit(7)")
    assert flowdeco("run", "one.py").code == 7


def test_an_input_with_another_name_is_read_as_the_function_says_of_it(flowdeco: Command) -> None:
    write(
        "one.py",
        """
        from flowdeco import workflow

        @workflow
        def one(count: int, size: float, name="x"): return [count, size, name]

        two = one.with_options(needs={"count": "size", "size": "count"})
        """,
    )
    assert [*flowdeco("run", "--json", "one.py:two", "--size", "3", "--count", "4")] == [0, '[3, 4.0, "x"]\n', ""]
