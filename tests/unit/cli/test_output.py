"""What is printed where not every character can be, and where nobody reads it any more."""

import os
import subprocess
import sys

import pytest

from tests.support.cli import call, write

TEXT = """
    from flowdeco import task, workflow
    @task
    def said():
        print("Größe → 茶")
        return "größer"
    @workflow
    def one(said): return {"Größe": said}
"""
ENCODINGS: dict[str, dict[str, str]] = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "POSIX": {"LANG": "C"},
    "replace": {"PYTHONIOENCODING": "ascii:replace"},
}
PRINTED = {
    "ascii": "Gr\\xf6\\xdfe \\u2192 \\u8336\n{'Gr\\xf6\\xdfe': 'gr\\xf6\\xdfer'}\n",
    "cp1252": "Größe \\u2192 \\u8336\n{'Größe': 'größer'}\n",
    "C": "Gr\\xf6\\xdfe \\u2192 \\u8336\n{'Gr\\xf6\\xdfe': 'gr\\xf6\\xdfer'}\n",
    "POSIX": "Größe → 茶\n{'Größe': 'größer'}\n",
    "replace": "Gr??e ? ?\n{'Gr??e': 'gr??er'}\n",
}


def run(encoding: str, *arguments: str) -> tuple[int, str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    command = [sys.executable, "-m", "flowdeco", *arguments]
    done = subprocess.run(command, capture_output=True, env={**environment, **ENCODINGS[encoding]}, timeout=60)
    decoded = "cp1252" if encoding == "cp1252" else "utf-8"
    return done.returncode, done.stdout.decode(decoded).replace("\r", ""), done.stderr.decode(decoded)


@pytest.mark.skipif(sys.platform == "win32", reason="the locale is another matter there")
@pytest.mark.parametrize("encoding", PRINTED)
def test_a_result_is_printed_whatever_characters_can_be_written(encoding: str) -> None:
    write("one.py", TEXT)
    assert run(encoding, "run", "one.py") == (0, PRINTED[encoding], "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "replace"])
def test_json_is_escaped_where_characters_cannot_be_written(encoding: str) -> None:
    write("one.py", TEXT)
    code, out, err = run(encoding, "run", "--json", "one.py")
    json = '{"Größe": "größer"}' if encoding == "cp1252" else '{"Gr\\u00f6\\u00dfe": "gr\\u00f6\\u00dfer"}'
    assert (code, out.splitlines()[-1], err) == (0, json, "")


def test_a_tree_is_drawn_with_the_characters_that_there_are() -> None:
    write("one.py", TEXT)
    assert run("ascii", "graph", "one.py") == (0, "one()\n`-- said\n", "")
    assert run("cp1252", "check", "one.py") == (0, "no problems\n", "")


@pytest.mark.parametrize("text", ["größer", "\\ud800"])
def test_an_error_is_told_whatever_characters_can_be_written(text: str) -> None:
    write("one.py", f"from flowdeco import workflow\n@workflow\ndef one(): raise ValueError('{text}')")
    code, out, err = run("ascii", "run", "one.py")
    assert (code, out) == (1, "")
    escaped = text.encode("ascii", "backslashreplace").decode()
    assert err.splitlines()[0] == f"Workflow 'one' failed: ValueError: {escaped}"


def test_half_a_character_is_escaped() -> None:
    write("one.py", "from flowdeco import workflow\n@workflow\ndef one(): return '\\ud800'")
    done = call("run", "one.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "\\ud800\n", "")


PRINTING = """
    from flowdeco import task, workflow
    @task
    def said():
        for number in range(100_000): print(number)
    @workflow
    def one(said): return "\\n".join(map(str, range(100_000)))
    @workflow
    def two(): return "\\n".join(map(str, range(100_000)))
    @task
    def broken(): raise BrokenPipeError("of its own")
    @workflow
    def three(broken): ...
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no head")
@pytest.mark.parametrize("name", ["one", "two"])
def test_a_reader_that_goes_away_is_no_trouble(name: str) -> None:
    write("many.py", PRINTING)
    command = [sys.executable, "-m", "flowdeco", "run", f"many.py:{name}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"0\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no disk that is always full")
@pytest.mark.parametrize("arguments", [["run", "many.py:two"], ["graph", "many.py:one"]])
def test_an_output_that_cannot_be_written_is_said(arguments: list[str]) -> None:
    write("many.py", PRINTING)
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "flowdeco", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 3
    assert done.stderr.startswith(f"flowdeco {arguments[0]}: error: Cannot write the output: [Errno 28]")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")
@pytest.mark.parametrize("options", ["", "--json"])
def test_a_program_without_an_output_runs(options: str) -> None:
    write("one.py", TEXT)
    command = f'"{sys.executable}" -m flowdeco run {options} one.py >&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


CLOSING = """
    import sys
    from flowdeco import workflow
    @workflow
    def returns():
        sys.stdout.close()
        return 1
    @workflow
    def returns_nothing(): sys.stdout.close()
    @workflow
    def fails():
        sys.stderr.close()
        raise ValueError
"""
CLOSED = "flowdeco run: error: Cannot write the output: the program has closed its standard output\n"


@pytest.mark.parametrize(
    ("name", "code", "err"), [("returns", 3, CLOSED), ("returns_nothing", 0, ""), ("fails", 1, "")]
)
def test_a_program_that_closes_its_output_is_told_so_where_there_is_something_to_print(
    name: str, code: int, err: str
) -> None:
    write("closing.py", CLOSING)
    done = call("run", f"closing.py:{name}")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", err)


def test_a_broken_pipe_of_the_programs_own_is_a_failure_like_any_other() -> None:
    write("many.py", PRINTING)
    done = call("run", "many.py:three")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == "Task 'broken' of workflow 'three' failed: BrokenPipeError: of its own"
