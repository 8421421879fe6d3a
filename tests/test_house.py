"""The rules of the house: what may import what, how long things may be, what has to be documented."""

import ast
import importlib.metadata
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import flowdeco

# Each module stands on a floor and imports only from the floors below its own. A new module is added here.
FLOORS: dict[int, set[str]] = {
    0: {"_context", "_errors", "_events", "_layout", "_markup", "_order", "_signature", "_tree"},
    1: {"_ask", "_failure", "_field", "_frame", "_graph_errors", "_options", "_parcel", "_picture"},
    2: {"_annotation", "_executor", "_feed", "_hook", "_ledger", "_limit", "_metrics", "_remote", "_retry", "_scope"},
    3: {"_log", "_monitor", "_place", "_state", "_svg"},
    4: {"_attempt", "_style"},
    5: {"_policy"},
    6: {"_course", "_step"},
    7: {"_typing", "_watch"},
    8: {"_lookup", "_task"},
    9: {"_graph", "_adapter"},
    10: {"_build", "_input", "_timeline", "_types"},
    11: {"_setting"},
    12: {"_plan", "_verdict"},
    13: {"_blame", "_override", "_record"},
    14: {"_snapshot"},
    15: {"_gantt", "_section"},
    16: {"_report"},
    17: {"_display"},
    18: {"_planner", "_run"},
    19: {"_board", "_herald"},
    20: {"_thread"},
    21: {"_lane"},
    22: {"_engine"},
    23: {"_execution"},
    24: {"_workflow"},
    # The package itself, `flowdeco`, stands here: satellites may import it, the core may not.
    # The satellites: the core never imports them.
    25: {"executors", "progress", "render", "store", "testing", "_argument", "_jsonable", "_target"},
    26: {"_input_parser"},
    27: {"cli"},
    28: {"__main__"},
}
FIRST_SATELLITE_FLOOR = 25
FLOOR_OF = {module: floor for floor, modules in FLOORS.items() for module in modules}

DEPENDENCIES = {"anyio", "typing_extensions"}
# In the standard library of a later Python than the oldest that runs this.
LATER_STANDARD_LIBRARY = {"annotationlib"}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40

PACKAGE = Path(inspect.getfile(flowdeco)).parent
ROOT = "flowdeco"


class Import(NamedTuple):
    """One name that a module imports, `a.b.c` in full."""

    name: str
    line: int
    in_function: bool


class Source:
    """A module of the package: its text and its syntax tree."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.module = path.relative_to(PACKAGE).with_suffix("").parts[0]
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text, filename=str(path))

    @property
    def is_core(self) -> bool:
        return FLOOR_OF.get(self.module, FIRST_SATELLITE_FLOOR) < FIRST_SATELLITE_FLOOR or self.module == "__init__"


SOURCES = [Source(path) for path in sorted(PACKAGE.rglob("*.py"))]
CORE = [source for source in SOURCES if source.is_core]
each_source = pytest.mark.parametrize("source", SOURCES, ids=[source.module for source in SOURCES])
each_core_source = pytest.mark.parametrize("source", CORE, ids=[source.module for source in CORE])


def walk(node: ast.AST, in_function: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every node below `node`, and whether it runs only when a function is called."""
    for child in ast.iter_child_nodes(node):
        yield child, in_function
        yield from walk(child, in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))


def find_imports(tree: ast.AST) -> Iterator[Import]:
    """Every import, also inside functions and `if TYPE_CHECKING:`; relative ones are spelled out."""
    for node, in_function in walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, in_function)
        elif isinstance(node, ast.ImportFrom):
            # The package is flat, so the only relative import is `from .`.
            base = ".".join(filter(None, [ROOT if node.level else "", node.module]))
            for alias in node.names:
                yield Import(f"{base}.{alias.name}", node.lineno, in_function)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            name = node.args[0] if node.args else None
            yield Import(
                name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else "?",
                node.lineno,
                in_function,
            )


def get_own_module(imported: Import) -> str | None:
    """The module of this package that an import reaches, `__init__` for the package itself, None for any other."""
    top, _, rest = imported.name.partition(".")
    if top != ROOT:
        return None
    module = rest.partition(".")[0]
    return module if module in FLOOR_OF or (PACKAGE / f"{module}.py").exists() else "__init__"


def find_upward_imports(module: str, tree: ast.AST) -> list[str]:
    """The imports of `module` that do not lead to a lower floor."""
    floor = FLOOR_OF[module]
    wrong: list[str] = []
    for imported in find_imports(tree):
        target = get_own_module(imported)
        if target is None:
            continue
        target_floor = FIRST_SATELLITE_FLOOR - 0.5 if target == "__init__" else FLOOR_OF.get(target, floor)
        if target_floor >= floor:
            wrong.append(f"line {imported.line}: {module} (floor {floor}) imports {target} (floor {target_floor:g})")
    return list(dict.fromkeys(wrong))


def find_foreign_imports(tree: ast.AST, *, is_core: bool) -> list[str]:
    """Imports of anything but the standard library, this package and its dependencies.

    A satellite may import what an extra brings, on use.
    """
    known = sys.stdlib_module_names | LATER_STANDARD_LIBRARY | DEPENDENCIES | {ROOT}
    return [
        f"line {imported.line}: {imported.name}"
        for imported in find_imports(tree)
        if imported.name.partition(".")[0] not in known and (is_core or not imported.in_function)
    ]


def find_backend_use(tree: ast.AST) -> list[str]:
    """Imports of an event loop of its own, and of anything private in anyio."""
    wrong = [
        f"line {imported.line}: {imported.name}"
        for imported in find_imports(tree)
        if re.match(r"(asyncio|trio|uvloop|sniffio)\b|anyio\.(.*\.)?_(?!_)", imported.name)
    ]
    return wrong + [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and re.match(r"anyio\.(.*\.)?_(?!_)", ast.unparse(node))
    ]


def count_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function's body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    start = body[0]
    if isinstance(start, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and start.decorator_list:
        first = start.decorator_list[0].lineno
    else:
        first = start.lineno
    return (function.end_lineno or first) - first + 1


def find_long_functions(tree: ast.AST) -> list[str]:
    """The functions that are longer than the house allows."""
    return [
        f"line {node.lineno}: {node.name} has {count_lines(node)} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and count_lines(node) > MAX_FUNCTION_LINES
    ]


@each_source
def test_every_module_has_a_floor(source: Source) -> None:
    assert source.module == "__init__" or source.module in FLOOR_OF, (
        f"list {source.module} in FLOORS of {Path(__file__).name}"
    )


def test_no_module_stands_on_two_floors() -> None:
    assert len(FLOOR_OF) == sum(len(modules) for modules in FLOORS.values())


@each_source
def test_imports_lead_downwards(source: Source) -> None:
    if source.module in FLOOR_OF:
        wrong = find_upward_imports(source.module, source.tree)
        assert not wrong, "\n".join(wrong)


@each_source
def test_third_party_imports_are_the_dependencies(source: Source) -> None:
    wrong = find_foreign_imports(source.tree, is_core=source.is_core)
    assert not wrong, "\n".join(wrong)


@each_core_source
def test_the_core_knows_only_the_public_anyio(source: Source) -> None:
    wrong = find_backend_use(source.tree)
    assert not wrong, "\n".join(wrong)


@each_source
def test_files_stay_short(source: Source) -> None:
    assert len(source.text.splitlines()) <= MAX_FILE_LINES


@each_source
def test_functions_stay_short(source: Source) -> None:
    wrong = find_long_functions(source.tree)
    assert not wrong, "\n".join(wrong)


@each_source
def test_nothing_is_left_to_do(source: Source) -> None:
    assert re.findall(r"\b(?:TODO|FIXME|XXX)\b.*", source.text) == []


@pytest.mark.parametrize("name", [name for name in flowdeco.__all__ if not name.startswith("__")])
def test_public_names_have_a_docstring(name: str) -> None:
    public = getattr(flowdeco, name)
    # A class inherits no docstring here, and what `dataclass` writes is none.
    documentation = vars(public).get("__doc__") if isinstance(public, type) else public.__doc__
    assert documentation
    assert documentation.strip()
    assert not documentation.startswith(f"{name}(")


def test_version_is_that_of_the_distribution() -> None:
    version = getattr(flowdeco, "__version__", None)
    if version is None:
        pytest.skip("the package names no version")
    assert version == importlib.metadata.version("flowdeco")


def test_package_is_marked_as_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("_task", "from flowdeco._workflow import Workflow"),
        ("_task", "from flowdeco import _graph"),
        ("_task", "from . import _graph"),
        ("_task", "from ._graph import Graph"),
        ("_task", "import flowdeco._graph as graph"),
        ("_task", "import flowdeco"),
        ("_task", "from flowdeco import task"),
        ("_task", "def f():\n    from flowdeco._graph import Graph"),
        ("_task", "if TYPE_CHECKING:\n    from flowdeco._graph import Graph"),
        ("_task", "importlib.import_module('flowdeco._graph')"),
        ("_graph", "from flowdeco._run import Run"),
        ("_workflow", "from flowdeco.testing import fake"),
        ("render", "from flowdeco.testing import fake"),
    ],
)
def test_an_upward_import_is_found(module: str, code: str) -> None:
    assert len(find_upward_imports(module, ast.parse(code))) == 1


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("_task", "from flowdeco._errors import FlowdecoError"),
        ("_task", "from . import _errors"),
        ("_workflow", "import graphlib, anyio"),
        ("testing", "from flowdeco import Workflow"),
        ("cli", "from flowdeco import render"),
    ],
)
def test_a_downward_import_is_allowed(module: str, code: str) -> None:
    assert find_upward_imports(module, ast.parse(code)) == []


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio",
        "from asyncio import sleep",
        "def f():\n    import trio.lowlevel",
        "from anyio._core._tasks import CancelScope",
        "from anyio import _core",
        "import anyio\nanyio._core.x",
    ],
)
def test_a_backend_in_the_core_is_found(code: str) -> None:
    assert find_backend_use(ast.parse(code))


def test_a_foreign_import_is_found() -> None:
    module_level, on_use = ast.parse("import requests"), ast.parse("def f():\n    import requests")
    assert find_foreign_imports(module_level, is_core=True)
    assert find_foreign_imports(module_level, is_core=False)
    assert find_foreign_imports(on_use, is_core=True)
    assert find_foreign_imports(on_use, is_core=False) == []


def test_a_docstring_counts_for_nothing() -> None:
    lines = "\n".join("    x = 1" for _ in range(MAX_FUNCTION_LINES))
    assert find_long_functions(ast.parse(f'def f():\n    """{"doc" * 3}\n\n    more\n    """\n{lines}')) == []
    assert find_long_functions(ast.parse(f"def f():\n{lines}\n    y = 2"))
