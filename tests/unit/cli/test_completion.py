"""What the Tab key gives, asked of the shells themselves."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import flowdeco as package
from flowdeco.cli import completion
from flowdeco.cli.source_reader import KnownInput, read_workflows
from tests.support.cli import Command, write

SHOP = """
    from enum import Enum
    from pathlib import Path
    from typing import Literal, Optional
    from elsewhere import rate
    from flowdeco import task, workflow
    import flowdeco

    raise AssertionError("it is only read")

    class Size(Enum):
        SMALL = 1
        LARGE = 2

    @task
    def price(item): ...
    @flowdeco.task(outputs=("net", "gross"))
    def both(item): ...
    page = task(price)

    @workflow(timeout=5)
    def offer(
        item: str, price, rate, net, page, run, state, currency: Literal["EUR", "JPY"], where: Path | None, old=1,
        *, gift_wrap: bool = False, size: "Optional[Size]" = None, of: list[int] = (),
    ): ...

    @workflow
    async def other(json, offer): ...

    same = other.override(offer=1)
    def plain(x: int): ...
    made = workflow(plain)
    nothing = 5
"""
# What is typed, and what there is to choose from.
TYPED = {
    "flowdeco r": "run",
    "flowdeco graph --format ": "tree mermaid dot",
    "flowdeco run sh": "shop.py:offer shop.py:other shop.py:same shop.py:made",
    "flowdeco run shop.py:of": "shop.py:offer",
    "flowdeco run shop.py:offer --cu": "--currency",
    "flowdeco run shop.py:offer --currency ": "EUR JPY",
    "flowdeco run shop.py:offer --where n": "notes.txt",
    "flowdeco run shop.py:other --j": "--json",
    "flowdeco run sub/alone.py --tr": "--trip",
}
BASH = """
eval "$(flowdeco completion bash)"
for line in "$@"; do
    COMP_LINE="$line" COMP_POINT=${#line} COMP_TYPE=9 COMPREPLY=()
    _python_argcomplete flowdeco
    echo "${COMPREPLY[@]}"
done
"""
ZSH = """
autoload -U compinit; compinit -u -D
eval "$(flowdeco completion zsh)"
_describe() { print -r -- "${(@P)2}" }
for line in "$@"; do
    BUFFER=$line CURSOR=${#line} words=(${(z)line})
    _python_argcomplete flowdeco
done
"""
FISH = """
flowdeco completion fish | source
for line in $argv; echo (complete -C $line | string replace -r '\\t.*' ''); end
"""


@pytest.fixture
def shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a program, and the command on the path."""
    write("shop.py", SHOP)
    write("sub/alone.py", "from flowdeco import workflow\n@workflow\ndef one(trip): ...")
    write("notes.txt", "")
    command = write("bin/flowdeco", f'#!/bin/sh\nexec "{sys.executable}" -m flowdeco "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent.resolve()}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(str(package.__file__)).parents[1]))


def ask(shell: str, options: Sequence[str], script: str, lines: Sequence[str]) -> list[list[str]]:
    """Return what a shell offers for each line."""
    program = shutil.which(shell)
    if program is None or sys.platform == "win32":
        pytest.skip(f"there is no {shell}")
    Path("script").write_text(script, encoding="utf-8")
    done = subprocess.run([program, *options, "script", *lines], capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.usefixtures("shop")
def test_bash_completes_commands_options_workflows_and_inputs() -> None:
    # Bash takes a word to end at a colon.
    wanted = [
        [word.removeprefix("shop.py:").removeprefix("shop:") for word in words.split()] for words in TYPED.values()
    ]
    found = ask("bash", ["--norc"], BASH, [*TYPED])
    assert [[word.removeprefix("shop.py:") for word in words] for words in found] == wanted


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_complete_the_same(shell: str) -> None:
    lines = ["flowdeco r", "flowdeco run shop.py:of", "flowdeco run shop.py:offer --cu"]
    if shell == "fish":
        found = ask("fish", ["--no-config"], FISH, lines)
    else:
        found = ask("zsh", ["-f"], ZSH, lines)
        found = [[words[0].replace("\\:", " ").partition(":")[0].replace(" ", ":")] for words in found]
    assert found == [[TYPED[line]] for line in lines]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", "bin/ sub/ shop.py:offer shop.py:other shop.py:same shop.py:made"),
        ("su", "sub/"),
        ("sub/", "sub/alone.py"),
        ("sub.alone:", "sub.alone:one"),
        ("shop:o", "shop:offer shop:other"),
        ("shop.py:x", ""),
        ("nowhere.py:", ""),
        ("nowhere/", ""),
        ("notes", ""),
    ],
)
def test_a_target_is_completed_to_files_and_the_workflows_in_them(typed: str, wanted: str) -> None:
    assert completion._complete_target(typed) == wanted.split()


@pytest.mark.usefixtures("shop")
def test_the_workflows_of_a_file_are_read_without_running_it() -> None:
    found = read_workflows(Path("shop.py"))
    assert [*found] == ["offer", "other", "same", "made"]
    assert found["offer"] == [
        KnownInput("item", "one", "str"),
        KnownInput("currency", "one", "Literal['EUR', 'JPY']", ("EUR", "JPY")),
        KnownInput("where", "one", "Path | None", (), is_path=True),
        KnownInput("old"),
        KnownInput("gift_wrap", "switch", "bool"),
        KnownInput("size", "one", "'Optional[Size]'", ("SMALL", "LARGE")),
        KnownInput("of", "many", "list[int]"),
    ]
    assert found["same"] == [KnownInput("json")]
    assert found["made"] == [KnownInput("x", "one", "int")]


@pytest.mark.parametrize("text", ["def (", "\0", "x = [" + "[" * 10_000])
def test_a_file_that_cannot_be_read_has_no_workflows(folder: Path, text: str) -> None:
    Path("broken.py").write_text(text, encoding="utf-8")
    assert read_workflows(Path("broken.py")) == {}
    assert read_workflows(Path("nowhere.py")) == {}


def test_without_argcomplete_it_says_what_to_install(flowdeco: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argcomplete", None)
    monkeypatch.setitem(sys.modules, "argcomplete.shell_integration", None)
    code, out, err = flowdeco("completion", "bash")
    assert (code, out) == (1, "")
    assert err == (
        "flowdeco completion: error: Cannot complete commands: argcomplete is not installed. "
        "Install it: pip install argcomplete\n"
    )
    monkeypatch.setenv("_ARGCOMPLETE", "1")
    assert [*flowdeco("run", "nowhere.py")] == [1, "", ""]  # nothing is run when a shell asks


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_the_script_is_printed(flowdeco: Command, shell: str) -> None:
    code, out, err = flowdeco("completion", shell)
    assert (code, err) == (0, "")
    assert "_ARGCOMPLETE" in str(out)


def test_another_shell_is_refused(flowdeco: Command) -> None:
    answer = flowdeco("completion", "tcsh")
    assert answer.code == 2
    assert answer.problem.startswith("flowdeco completion: error: argument shell: invalid choice: 'tcsh'")
