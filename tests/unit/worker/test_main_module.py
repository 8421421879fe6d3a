"""What a worker process is told of the program."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from flowdeco._worker import main_module
from flowdeco._worker.main_module import MainModule, describe_main


def be_main(monkeypatch: pytest.MonkeyPatch, **names: Any) -> None:
    main = ModuleType("__main__")
    for name, value in names.items():
        setattr(main, name, value)
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(sys, "argv", ["program", "-x"])


def test_a_script_is_known_by_its_file_also_from_another_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    be_main(monkeypatch, __file__="main.py")
    assert describe_main() == MainModule(["program", "-x"], None, str(tmp_path / "main.py"))


@pytest.mark.parametrize(
    ("name", "is_entry"), [("pkg.main", False), ("pkg.__main__", True), ("__main__", True), (None, False)]
)
def test_a_module_is_known_by_its_name(name: str | None, is_entry: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    be_main(monkeypatch, __spec__=None if name is None else SimpleNamespace(name=name))
    main = describe_main()
    assert (main.name, main.file, main.is_entry) == (name, None, is_entry)


def test_a_worker_tells_its_own_workers_what_it_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    be_main(monkeypatch)
    told = MainModule(["before"], "pkg.__main__", "/pkg/__main__.py")
    monkeypatch.setattr(main_module._Worker, "main", told)
    assert describe_main() == told._replace(argv=["program", "-x"])


def test_what_is_asked_for_in_a_program_without_a_file_is_an_error_that_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    main_module.find_main()  # in the program itself there is nothing to be found
    monkeypatch.setattr(main_module._Worker, "main", MainModule([], None, None))
    with pytest.raises(ImportError, match="there is no file to import it from"):
        main_module.find_main()


def test_a_main_module_that_ends_the_program_is_an_error_of_who_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "__main__.py").write_text("raise SystemExit(3)", encoding="utf-8")
    main = MainModule([], "__main__", str(tmp_path / "__main__.py"))
    monkeypatch.setattr(main_module._Worker, "main", main)
    with pytest.raises(ImportError, match=r"leaves by SystemExit\(3\)"):
        main_module.find_main()
    assert not main_module.is_importing()
