"""What type checkers read of the guide is all of its code, and nothing but that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.extract import files_of, without_await, write
from tests.support.document import LLMS, PAGES, README, Document

IMPORT = "from cell import wait_for\n"
AGAIN = """\
```python
from flowdeco import task


@task
def f(): return 1
print(0)
```

```python
@task
def f(): return 2
```
"""
AWAITED = 'from cell import wait_for\nx = wait_for(w("é"))\ny = [wait_for(w(a)), wait_for(v(wait_for(b())))]\n'


def test_every_block_is_in_a_file_that_type_checkers_read(tmp_path: Path) -> None:
    written = [path.read_text(encoding="utf-8") for path in write(tmp_path)]
    for page in (README, LLMS, *PAGES):
        for block in page.python:
            code = without_await(block.code).removeprefix(IMPORT)
            assert any(code in text for text in written)
    assert all(compile(text, "file", "exec") for text in written)


def test_what_is_defined_anew_is_a_program_without_what_was_there_before(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(AGAIN, encoding="utf-8")
    programs = dict(files_of(Document(tmp_path / "page.md")))
    assert list(programs) == ["page_line_2.py", "page_line_11.py"]
    assert "1" in programs["page_line_2.py"]
    last = programs["page_line_11.py"]
    assert (last.count("def f"), last.count("@task"), "1" in last, "print(0)" in last) == (1, 1, False, True)


def test_no_two_programs_have_the_same_file() -> None:
    names = [name for page in (README, LLMS, *PAGES) for name, _ in files_of(page)]
    assert len(set(names)) == len(names)


def test_an_await_outside_of_functions_becomes_a_call() -> None:
    assert without_await('x = await w("é")\ny = [await w(a), await v(await b())]\n') == AWAITED
    inside = "async def f():\n    await g()\n"
    assert without_await(inside) == inside


def test_what_cannot_be_put_as_a_call_is_said() -> None:
    with pytest.raises(AssertionError, match="async function"):
        without_await("async with a:\n    pass\n")
