"""The rules of the house: what may import what, how long things may be, what has to be documented."""

import ast
import importlib.metadata
import inspect
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import flowdeco


class Package(NamedTuple):
    """A row of the table: the modules that a package may hold, and the packages that they may import besides it."""

    modules: str
    may_import: str


# The architecture. A new module is added here, where it has to say which package it belongs to.
PACKAGES: dict[str, Package] = {
    "_base": Package(
        "errors graph_errors events signature parameters yielded hint annotation injection checks constant spelling "
        "text trampoline "
        "tracebacks context event_loop executors healing sentinel local digest item_errors item_advice",
        "",
    ),
    "_draw": Package("diagram mermaid graphviz svg palette label layout folding tree html", "_base"),
    "_state": Package("state field store writer", "_base"),
    "_policy": Package("policy retry limit limit_option lending pool deadlock turn hook run_in", "_base"),
    "_worker": Package(
        "worker thread timed_thread own_thread back_call process process_pool process_server executor transfer "
        "main_module main_guard process_resource way_of_opening",
        "_base",
    ),
    "_item": Package(
        "item_stream reader feed clock held_places loop_pump thread_pump iterable rows intake tee spring frontier",
        "_base _worker",
    ),
    "_definition": Package(
        "definition items item_options item_function face class_function decoration options option_types scope "
        "inheritance undecorated frame resource",
        "_base _policy _state",
    ),
    "_graph": Package(
        "graph item_types tearing drawing node axis axis_finder segments item_sources growth_check source "
        "resolver binding builder likeness ordering level sharing assembly input input_hint output override method_key "
        "recovery type_check state_check name_check place_check resource_check call_graph call_signature "
        "shared_graph calls call_finder key_givers",
        "_base _policy _state _definition _draw",
    ),
    "_record": Package(
        "journal call_log detachment entry failure sketch item_log item_record resource_life node_record "
        "task_record tasks timeline metrics event_stream log error_notes resource_record given yield_hint "
        "stream_hint thread_hint",
        "_base _policy _graph",
    ),
    "_report": Package(
        "page verdict row mapped call_rows item_section section graph_section nested_section error_list trouble "
        "timeline_chart ticks place phrase snapshot style",
        "_base _draw _state _graph _record",
    ),
    "_runner": Package(
        "lifecycle decision dispensable ending attempt opening live_resource gathering program arguments "
        "request notice notifier cancellation signals in_resource turns feeding",
        "_base _state _policy _worker _item _graph _record",
    ),
    "_scheduler": Package(
        "plan places programs stream_plan item_streams resource_program keeper node_plan demand demand_state "
        "run_state engine admission crew loop_lane lanes thread_lane parking propagation run_lifecycle settlement "
        "run_hooks relay telling caller callee axes axis_plan locals block collection item_starts item_blocks "
        "item_turns taking_apart call_engine call_plan apart_call errands together tolerance item_keys segment "
        "flow_plan item_flow item_tees shared_block growing item_growth item_pumps one_taker",
        "_base _state _policy _worker _item _graph _record _runner _definition",
    ),
    "_api": Package(
        "face function_face task task_method resource stand_in way shown_signature workflow decorator run "
        "place_within compiler planning problems execution blocking calling nested_call opened opened_block "
        "not_opened shared_run sent_resource runnable_workflow",
        "_base _draw _state _policy _worker _definition _graph _record _report _runner _scheduler",
    ),
    # The package itself, `flowdeco`, stands here: satellites may import it, the core may not.
    "_progress": Package("phrase item_track track", "flowdeco"),
    "cli": Package(
        "main run_command completion source_reader termination exit_code failure printing target "
        "input_parser input_scanner input_help "
        "option_reader value_builder record_type scalar_reader duration json_output json_type",
        "flowdeco progress _base",
    ),
}
# Modules without a package of their own; `__init__` names what is public.
SINGLE: dict[str, str] = {
    "__init__": "_base _state _policy _graph _record _api",
    "__main__": "cli",
    "progress": "flowdeco _base _progress",
}
# What the core never imports.
SATELLITES = {"cli", "progress", "_progress", "testing", "store", "telemetry", "__main__"}

# The modules of the core that may ask an event loop's own public API for what anyio has no word for.
ASKS_THE_EVENT_LOOP = {"_runner.cancellation"}
# Public all the same: the methods of named tuples, whose fields are to have all other names, and `sys._getframe`.
UNDERSCORED_PUBLIC = {"_asdict", "_fields", "_getframe", "_make", "_replace"}
# Reads of somebody else's private attribute in a thousand lines. To be lowered, never raised.
MOST_FOREIGN_PRIVATE_READS = 4

DEPENDENCIES = {"anyio", "typing_extensions"}
# In the standard library of a later Python than the oldest that runs this.
LATER_STANDARD_LIBRARY = {"annotationlib"}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40

FOLDER = Path(inspect.getfile(flowdeco)).parent
ROOT = "flowdeco"


class Import(NamedTuple):
    """One name that a module imports, `a.b.c` in full."""

    name: str
    line: int
    in_function: bool


def get_package(module: str) -> str:
    """The row of the table that a module belongs to."""
    return module.partition(".")[0]


class Source:
    """A module of the package: its name without `flowdeco.`, its text and its syntax tree."""

    def __init__(self, path: Path) -> None:
        self.path = path
        parts = path.relative_to(FOLDER).with_suffix("").parts
        self.module = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text, filename=str(path))

    @property
    def is_core(self) -> bool:
        return get_package(self.module) not in SATELLITES

    @property
    def is_package(self) -> bool:
        return self.path.stem == "__init__" and self.module != "__init__"


SOURCES = [Source(path) for path in sorted(FOLDER.rglob("*.py"))]
MODULES = {source.module for source in SOURCES}
CORE = [source for source in SOURCES if source.is_core]
each_source = pytest.mark.parametrize("source", SOURCES, ids=[source.module for source in SOURCES])
each_core_source = pytest.mark.parametrize("source", CORE, ids=[source.module for source in CORE])


def walk(node: ast.AST, in_function: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every node below `node`, and whether it runs only when a function is called."""
    for child in ast.iter_child_nodes(node):
        yield child, in_function
        yield from walk(child, in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))


def find_imports(module: str, tree: ast.AST, *, is_package: bool = False) -> Iterator[Import]:
    """Every import, also inside functions and `if TYPE_CHECKING:`; relative ones are spelled out."""
    home = [ROOT] if module == "__init__" else [ROOT, *module.split(".")][: None if is_package else -1]
    for node, in_function in walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, in_function)
        elif isinstance(node, ast.ImportFrom):
            above = home[: len(home) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
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
    """The module of ours that an import reaches, `__init__` for the package itself, None for any other."""
    top, _, name = imported.name.partition(".")
    if top != ROOT:
        return None
    while name and name not in MODULES:
        if name in PACKAGES or name in SATELLITES:
            return name
        name = name.rpartition(".")[0]
    return name or "__init__"


def draw_table() -> Iterator[str]:
    """The rows of the table as README.md of the package has them."""
    for package, row in PACKAGES.items():
        names = f"`{row.may_import}`" if row.may_import else "nothing of flowdeco"
        yield f"| `{package}/` | {', '.join(row.modules.split())} | {names} |"
    for module, names in SINGLE.items():
        yield f"| `{module}.py` | | `{names}` |"


def find_own_imports(source: Source) -> set[str]:
    """The modules of ours that a module imports."""
    found = find_imports(source.module, source.tree, is_package=source.is_package)
    return {target for target in map(get_own_module, found) if target is not None}


def may_import(module: str, target: str) -> bool:
    """Whether the table lets a module import another."""
    package = get_package(module)
    if target == "__init__":
        target = ROOT
    if get_package(target) == package and package in PACKAGES:
        return True
    row = PACKAGES[package].may_import if package in PACKAGES else SINGLE[package]
    return get_package(target) in row.split()


def find_upward_imports(module: str, tree: ast.AST, *, is_package: bool = False) -> list[str]:
    """The imports of `module` that the table forbids."""
    wrong: list[str] = []
    for imported in find_imports(module, tree, is_package=is_package):
        target = get_own_module(imported)
        if target is None or may_import(module, target):
            continue
        wrong.append(f"line {imported.line}: {module} may not import {target}")
    return list(dict.fromkeys(wrong))


def find_foreign_private_reads(tree: ast.AST) -> list[str]:
    """Where the private attribute of anything but `self`, `cls` and `super()` is looked at."""
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and re.match(r"_(?!_)", node.attr) and node.attr not in UNDERSCORED_PUBLIC
        if ast.unparse(node.value) not in ("self", "cls", "super()")
    ]


def find_foreign_imports(module: str, tree: ast.AST, *, is_core: bool) -> list[str]:
    """Imports of anything but the standard library, this package and its dependencies.

    A satellite may import what an extra brings, on use.
    """
    known = sys.stdlib_module_names | LATER_STANDARD_LIBRARY | DEPENDENCIES | {ROOT}
    return [
        f"line {imported.line}: {imported.name}"
        for imported in find_imports(module, tree)
        if imported.name.partition(".")[0] not in known and (is_core or not imported.in_function)
    ]


def find_backend_use(tree: ast.AST) -> list[str]:
    """Imports of an event loop of its own, and of anything private in anyio."""
    wrong = [
        f"line {imported.line}: {imported.name}"
        for imported in find_imports("__init__", tree)
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
def test_every_module_stands_in_the_table(source: Source) -> None:
    package, _, name = source.module.partition(".")
    row = PACKAGES[package].modules.split() if package in PACKAGES else None
    if row is None:
        assert source.module in SINGLE, f"list {source.module} in SINGLE of {Path(__file__).name}"
    elif name:
        assert name in row, f"list {name} in the row {package} of PACKAGES of {Path(__file__).name}"


def test_every_module_in_the_table_is_there() -> None:
    listed = {f"{package}.{name}" for package, row in PACKAGES.items() for name in row.modules.split()}
    assert (listed | set(SINGLE)) - MODULES == set(), "strike these from PACKAGES or SINGLE"


def test_the_readme_of_the_package_shows_the_table() -> None:
    if not (FOLDER.parent / "pyproject.toml").is_file():
        pytest.skip("the installed package has no README.md")
    table = re.findall(r"^\| `.*$", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert table == list(draw_table())


def test_the_table_leads_downwards() -> None:
    above: set[str] = set()
    for package, row in reversed(PACKAGES.items()):
        above.add(package)
        assert not above & set(row.may_import.split()), f"{package} may import what stands below it in the table"


@each_source
def test_imports_follow_the_table(source: Source) -> None:
    wrong = find_upward_imports(source.module, source.tree, is_package=source.is_package)
    assert not wrong, "\n".join(wrong)


def test_no_modules_import_one_another_in_a_circle() -> None:
    TopologicalSorter({source.module: find_own_imports(source) - {source.module} for source in SOURCES}).prepare()


@each_core_source
def test_the_core_imports_no_satellite(source: Source) -> None:
    assert {get_package(target) for target in find_own_imports(source)} & SATELLITES == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_its_rule_and_nothing_else(package: str) -> None:
    tree = ast.parse((FOLDER / package / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_few_look_at_what_is_private_to_another() -> None:
    found = [f"{source.module}, {read}" for source in SOURCES for read in find_foreign_private_reads(source.tree)]
    lines = sum(len(source.text.splitlines()) for source in SOURCES)
    assert 1000 * len(found) / lines <= MOST_FOREIGN_PRIVATE_READS, "\n".join(found)


@each_source
def test_third_party_imports_are_the_dependencies(source: Source) -> None:
    wrong = find_foreign_imports(source.module, source.tree, is_core=source.is_core)
    assert not wrong, "\n".join(wrong)


@each_core_source
def test_the_core_knows_only_the_public_anyio(source: Source) -> None:
    wrong = find_backend_use(source.tree)
    if source.module in ASKS_THE_EVENT_LOOP:
        wrong = [use for use in wrong if not use.endswith(": asyncio")]
    assert not wrong, "\n".join(wrong)


def test_those_who_may_ask_the_event_loop_do() -> None:
    found = {source.module for source in CORE if find_backend_use(source.tree)}
    assert found == ASKS_THE_EVENT_LOOP


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
    assert (FOLDER / "py.typed").is_file()


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("_graph.graph", "from flowdeco._api.workflow import Workflow"),
        ("_graph.graph", "from flowdeco import _api"),
        ("_graph.graph", "from flowdeco._api import run"),
        ("_graph.graph", "from .. import _api"),
        ("_graph.graph", "from ..progress import Progress"),
        ("_graph.graph", "from .._api import run"),
        ("_graph.graph", "from .._api.run import Run"),
        ("_graph.graph", "import flowdeco._api.run as run"),
        ("_graph.graph", "import flowdeco"),
        ("_graph.graph", "from .. import task"),
        ("_graph.graph", "from flowdeco import task"),
        ("_graph.graph", "def f():\n    from .._api.run import Run"),
        ("_graph.graph", "if TYPE_CHECKING:\n    from .._api.run import Run"),
        ("_graph.graph", "importlib.import_module('flowdeco._api.run')"),
        ("_draw.svg", "from .._graph.graph import Graph"),
        ("_worker.thread", "from .._policy.limit import Limit"),
        ("_report.page", "from .._policy.limit import Limit"),
        ("_api.run", "from flowdeco.testing import fake"),
        ("_api.run", "from ..cli.main import main"),
        ("cli.main", "from .._api.run import Run"),
        ("cli.main", "from flowdeco._graph.graph import Graph"),
        ("progress", "from flowdeco.testing import fake"),
        ("progress", "from ._api.run import Run"),
    ],
)
def test_an_upward_import_is_found(module: str, code: str) -> None:
    assert len(find_upward_imports(module, ast.parse(code))) == 1


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("_graph.graph", "from flowdeco._base.errors import FlowdecoError"),
        ("_graph.graph", "from .._base import errors"),
        ("_graph.graph", "from .source import Source"),
        ("_graph.graph", "from . import source"),
        ("_api.workflow", "import graphlib, anyio"),
        ("_api.workflow", "from .run import Run"),
        ("progress", "from flowdeco import Workflow"),
        ("progress", "from . import Workflow"),
        ("cli.main", "from flowdeco import progress"),
        ("cli.main", "from .. import Run"),
    ],
)
def test_a_downward_import_is_allowed(module: str, code: str) -> None:
    assert find_upward_imports(module, ast.parse(code)) == []


def test_a_look_at_what_is_private_to_another_is_found() -> None:
    code = "run._values, self.run._ended, self._own, cls._kind, super()._own, run.__dict__, row._replace(), f()._x"
    assert len(find_foreign_private_reads(ast.parse(code))) == 3


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
    assert find_foreign_imports("_api.run", module_level, is_core=True)
    assert find_foreign_imports("progress", module_level, is_core=False)
    assert find_foreign_imports("_api.run", on_use, is_core=True)
    assert find_foreign_imports("progress", on_use, is_core=False) == []


def test_a_docstring_counts_for_nothing() -> None:
    lines = "\n".join("    x = 1" for _ in range(MAX_FUNCTION_LINES))
    assert find_long_functions(ast.parse(f'def f():\n    """{"doc" * 3}\n\n    more\n    """\n{lines}')) == []
    assert find_long_functions(ast.parse(f"def f():\n{lines}\n    y = 2"))
