"""What is said of an error: what has failed with it, where in the user's program, and how to see more."""

from textwrap import dedent

import pytest

from tests.support.cli import Command, call, write

PROGRAM = """
    import json
    import anyio
    from flowdeco import Skip, task, workflow
    from steps import read

    @task
    async def loaded(text): return json.loads(text)

    @task
    def checked(text):
        if text == "lines": raise ValueError("one\\ntwo")
        if text == "empty": raise KeyError
        raise ValueError("x" * 400)

    @task(retries=1)
    def again(text): raise OSError(text)

    @task(timeout=0.01)
    async def slow(): await anyio.sleep(9)

    @task(outputs=("a", "b"))
    def pair(): return 1

    @task(run_in="process")
    def apart(text): return int(text)

    @task
    async def group():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, int, "x")

    class Unspeakable(Exception):
        def __str__(self): raise ValueError

    @task
    def unspeakable(): raise Unspeakable

    @workflow
    def one(text, loaded): ...
    @workflow
    def two(text, checked): ...
    @workflow
    def three(text, again): ...
    @workflow
    def four(slow): ...
    @workflow
    def five(a): ...
    @workflow
    def six(text, apart): ...
    @workflow
    def seven(group): ...
    @workflow
    def eight(unspeakable): ...
    @workflow
    def nine(text): return read(text)
    @workflow(keep_going=True)
    def ten(text, loaded, again): ...
    @workflow
    def outer(text, one): ...
"""
STEPS = "def read(text):\n    return open(text)\n"


# What each workflow is given, and what is said of its error.
ERRORS = {
    "one x": """
        Task 'loaded' of workflow 'one' failed: json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
          at program.py:8 in loaded: async def loaded(text): return json.loads(text)
        """,
    "two lines": r"""
        Task 'checked' of workflow 'two' failed: ValueError: one …
          at program.py:12 in checked: if text == "lines": raise ValueError("one\ntwo")
        """,
    "two empty": """
        Task 'checked' of workflow 'two' failed: KeyError
          at program.py:13 in checked: if text == "empty": raise KeyError
        """,
    "two long": f"""
        Task 'checked' of workflow 'two' failed: ValueError: {"x" * 300} …
          at program.py:14 in checked: raise ValueError("x" * 400)
        """,
    "three x": """
        Task 'again' of workflow 'three', attempt 2, failed: OSError: x
          at program.py:17 in again: def again(text): raise OSError(text)
        """,
    "four": """
        Task 'slow' of workflow 'four' failed: flowdeco.TaskTimeoutError: Cannot finish task 'slow': it took longer \
than its timeout of 0.01 s.
          at program.py:19 in slow: @task(timeout=0.01)
        """,
    "five": """
        Task 'pair' of workflow 'five' failed: flowdeco.OutputError: Cannot take the outputs 'a', 'b' of task 'pair': \
the result is of type int. Return a mapping with these keys, or a sequence of 2.
          at program.py:22 in pair: @task(outputs=("a", "b"))
        """,
    "six x": """
        Task 'apart' of workflow 'six' failed: ValueError: invalid literal for int() with base 10: 'x'
          at program.py:25 in apart: @task(run_in="process")
        """,
    "seven": """
        Task 'group' of workflow 'seven' failed: ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
          at program.py:30 in group: async with anyio.create_task_group() as tasks:
          ValueError: invalid literal for int() with base 10: 'x'
        """,
    "eight": """
        Task 'unspeakable' of workflow 'eight' failed: program.Unspeakable: <its str() failed>
          at program.py:37 in unspeakable: def unspeakable(): raise Unspeakable
        """,
    "nine nowhere": """
        Workflow 'nine' failed: FileNotFoundError: [Errno 2] No such file or directory: 'nowhere'
          at steps.py:2 in read: return open(text)
        """,
    "ten x": """
        Task 'loaded' of workflow 'ten' failed: json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
          at program.py:8 in loaded: async def loaded(text): return json.loads(text)
        Task 'again' of workflow 'ten', attempt 2, failed: OSError: x
          at program.py:17 in again: def again(text): raise OSError(text)
        """,
    "outer x": """
        Task 'loaded' of workflow 'one' failed: json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
          at program.py:8 in loaded: async def loaded(text): return json.loads(text)
        """,
}


@pytest.mark.parametrize("arguments", ERRORS)
def test_what_has_failed_and_where_is_said_in_two_lines(flowdeco: Command, arguments: str) -> None:
    write("program.py", PROGRAM)
    write("steps.py", STEPS)
    name, *inputs = arguments.split()
    code, out, err = flowdeco("run", f"program.py:{name}", *inputs)
    assert (code, out) == (1, "")
    said = [*dedent(ERRORS[arguments]).strip().splitlines()]
    assert str(err).splitlines() == [*said, f"For the traceback: flowdeco run --traceback program.py:{name} ..."]


def test_of_a_program_that_is_installed_the_place_is_where_the_error_has_left_it(flowdeco: Command) -> None:
    text = "from flowdeco import workflow\nimport json\n@workflow\ndef one(): return json.loads('x')"
    write("site-packages/shopping.py", text)
    lines = str(flowdeco("run", "site-packages/shopping.py").err).splitlines()
    assert lines[1] == "  at site-packages/shopping.py:4 in one: def one(): return json.loads('x')"


def test_what_failed_besides_is_said_too(flowdeco: Command) -> None:
    text = """
        import anyio
        from flowdeco import task, workflow
        @task
        async def first():
            await anyio.sleep(0)
            raise OSError("one")
        @task
        async def second():
            try:
                await anyio.sleep(9)
            finally:
                raise ValueError("two")
        @workflow
        def both(first, second): ...
        """
    write("both.py", text)
    lines = str(flowdeco("run", "both.py").err).splitlines()
    assert lines[0] == "Task 'first' of workflow 'both' failed: OSError: one"
    assert lines[2] == "Also failed: task 'second' with ValueError('two')."


@pytest.mark.parametrize("options", [[], ["--report", "page.html"]])
def test_an_error_is_told_once_and_a_hooks_error_in_a_line(options: list[str]) -> None:
    text = """
        from flowdeco import task, workflow
        def hook(): raise LookupError("no")
        @task(on_error=hook)
        def first(): raise OSError("one")
        @workflow(on_error=hook)
        def one(first): ...
        """
    write("one.py", text)
    done = call("run", *options, "one.py")
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert [line.partition("(")[0] for line in lines] == [
        "Hook 'hook' ",
        "Hook 'hook' ",
        "Task 'first' of workflow 'one' failed: OSError: one",
        "  at one.py:5 in first: def first",
        "For the traceback: flowdeco run --traceback one.py:one ...",
    ]
    done = call("run", "--traceback", *options, "one.py")
    assert done.stderr.count("Traceback") == 3
