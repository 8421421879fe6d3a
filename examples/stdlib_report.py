"""A report on a folder of Python source: by default, the standard library of the Python that runs this.

    python examples/stdlib_report.py
    python examples/stdlib_report.py --path some/folder

To find, read and parse the files is a workflow of its own, `library`. Each section of the report is a task that needs
the result of `library` and no other section, so they are all made at the same time.
"""

from __future__ import annotations

import argparse
import ast
import re
import sysconfig
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice
from pathlib import Path
from typing import NamedTuple

import anyio

from flowdeco import task, workflow

SKIPPED = {"site-packages", "dist-packages", "__pycache__", "test", "tests", "idle_test"}
NOTE = re.compile(rb"#.*\b(?:TODO|FIXME|XXX|HACK)\b")
TOP = 5


class Definition(NamedTuple):
    """A function or class: its name in full, its size in lines, its text without the indentation."""

    name: str
    is_class: bool
    lines: int
    text: bytes
    documented: bool

    @property
    def public(self) -> bool:
        return not any(part.startswith("_") for part in self.name.split("."))


class Module(NamedTuple):
    """What the report needs to know of one file."""

    name: str
    lines: int
    notes: int
    definitions: list[Definition]
    imports: set[str]

    @property
    def functions(self) -> list[Definition]:
        return [each for each in self.definitions if not each.is_class]


# The workflow that finds, reads and parses the files.


@task
def files(path: Path) -> list[Path]:
    found = (file for file in path.rglob("*.py") if not SKIPPED.intersection(file.relative_to(path).parts))
    return sorted(found)


@task
async def contents(files: list[Path]) -> dict[Path, bytes]:
    read: dict[Path, bytes] = {}

    async def read_file(file: Path) -> None:
        read[file] = await anyio.Path(file).read_bytes()

    async with anyio.create_task_group() as group:
        for file in files:
            group.start_soon(read_file, file)
    return read


@task
def modules(path: Path, contents: dict[Path, bytes]) -> list[Module]:
    parsed: list[Module] = []
    for file, text in contents.items():
        try:
            tree = ast.parse(text, filename=str(file))
        except (SyntaxError, ValueError):  # a template, or written for another version of Python
            continue
        parsed.append(describe(name_of(file.relative_to(path)), file.name == "__init__.py", text, tree))
    return sorted(parsed, key=lambda module: module.name)


@workflow
def library(path: Path, modules: list[Module]) -> list[Module]:
    return modules


def name_of(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def describe(name: str, is_package: bool, text: bytes, tree: ast.Module) -> Module:
    lines = text.splitlines()
    notes = sum(1 for line in lines if NOTE.search(line))
    package = name if is_package else name.rpartition(".")[0]
    imports = {each for node in walk(tree, functions=False) for each in imports_of(node[1], package)}
    return Module(name, len(lines), notes, list(definitions_in(tree, lines)), imports)


def walk(node: ast.AST, prefix: str = "", functions: bool = True) -> Iterator[tuple[str, ast.AST]]:
    """Every statement, with the names of the classes and functions around it.

    Expressions, which are most of a tree, are passed over, and if asked also what is inside functions.
    """
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        for child in getattr(node, field, ()):
            yield prefix, child
            if isinstance(child, ast.ClassDef):
                yield from walk(child, f"{prefix}{child.name}.", functions)
            elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from walk(child, prefix, functions)
            elif functions:
                yield from walk(child, f"{prefix}{child.name}.", functions)


def definitions_in(tree: ast.Module, lines: list[bytes]) -> Iterator[Definition]:
    for prefix, node in walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own = lines[node.lineno - 1 : node.end_lineno]
            text = b"\n".join(line.strip() for line in own)
            documented = ast.get_docstring(node, clean=False) is not None
            yield Definition(prefix + node.name, isinstance(node, ast.ClassDef), len(own), text, documented)


def imports_of(node: ast.AST, package: str) -> Iterator[str]:
    """What an import statement may import: `from a import b` that of `a`, and of `a.b` if that is a module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join(filter(None, [*above, node.module]))
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


# The sections of the report.


@task
def sizes(library: list[Module]) -> str:
    largest = sorted(library, key=lambda module: -module.lines)
    return table("The longest modules", ((m.name, f"{m.lines:,} lines") for m in largest))


@task
def long_functions(library: list[Module]) -> str:
    found = ((each.lines, module.name, each.name) for module in library for each in module.functions)
    longest = sorted(found, reverse=True)
    return table("The longest functions", ((f"{module}: {name}", f"{n:,} lines") for n, module, name in longest))


@task
def hubs(library: list[Module]) -> str:
    known = {module.name for module in library}
    # What comes out of a module may look like one: `os.sep`.
    count = Counter(name for module in library for name in sorted(module.imports) if name in known or "." not in name)
    return table("Imported by most modules", ((name, f"{n:,} modules") for name, n in count.most_common()))


@task
def circles(library: list[Module]) -> str:
    imports = {module.name: module.imports for module in library}
    pairs = sorted((a, b) for a in imports for b in imports[a] if a < b and a in imports.get(b, ()))
    rows = ((f"{a} and {b}", "") for a, b in pairs if not b.startswith(f"{a}."))  # else a package and a part of it
    return table("Modules that import each other", rows)


@task
def docstrings(library: list[Module]) -> str:
    public = {module.name: [each.documented for each in module.definitions if each.public] for module in library}
    bare_first = sorted(public, key=lambda name: (-public[name].count(False), name))
    rows = ((name, f"{public[name].count(False):,} of {len(public[name]):,}") for name in bare_first if public[name])
    return table("Public names without a docstring", rows)


@task
def common_names(library: list[Module]) -> str:
    names = (each.name.rpartition(".")[2] for module in library for each in module.functions)
    plain = Counter(name for name in names if not name.startswith("__"))
    return table("Names given to most functions", ((name, f"{n:,} times") for name, n in plain.most_common()))


@task
def copies(library: list[Module]) -> str:
    places: defaultdict[bytes, set[str]] = defaultdict(set)
    for module in library:
        for each in module.functions:
            if each.lines >= 5:
                places[each.text].add(module.name)
    shared: Counter[tuple[str, str]] = Counter()
    for text, names in places.items():
        for pair in combinations(sorted(names), 2):
            shared[pair] += text.count(b"\n") + 1
    rows = ((f"{a} and {b}", f"{n:,} lines") for (a, b), n in shared.most_common())
    return table("The same functions in two modules", rows)


@task
def notes(library: list[Module]) -> str:
    most = sorted(library, key=lambda module: (-module.notes, module.name))
    rows = ((m.name, f"{m.notes} notes") for m in most if m.notes)
    return table("Left to do: TODO, FIXME, XXX, HACK", rows)


@workflow
def report(
    path: Path,
    library: list[Module],
    sizes: str,
    long_functions: str,
    hubs: str,
    circles: str,
    docstrings: str,
    common_names: str,
    copies: str,
    notes: str,
) -> str:
    lines = sum(module.lines for module in library)
    functions = sum(len(module.functions) for module in library)
    head = f"{path}: {len(library):,} modules, {lines:,} lines, {functions:,} functions"
    sections = (sizes, long_functions, hubs, circles, docstrings, common_names, copies, notes)
    return "\n\n".join([head, *sections])


def table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"  {name:<60} {figure:>14}".rstrip() for name, figure in islice(rows, TOP)]
    return "\n".join([title, *(lines or ["  none"])])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Print a report on a folder of Python source.")
    parser.add_argument("--path", type=Path, default=Path(sysconfig.get_path("stdlib")), help="the folder")
    path: Path = parser.parse_args(argv).path
    if not path.is_dir():
        parser.error(f"{path} is not a folder")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the code that is parsed, such as invalid escapes
        run = report.run(path=path)
    if run.error is not None:
        raise run.error
    print(run.result)
    print(f"\nMade in {run.duration:.1f} s. The tasks that took longest:")
    by_time = sorted(run.tasks.values(), key=lambda record: record.duration or 0, reverse=True)
    for record in by_time[:3]:
        print(f"  {record.name:<60} {record.duration:>12.2f} s")


if __name__ == "__main__":
    main()
