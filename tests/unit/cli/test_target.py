"""Targets that lead nowhere."""

import json
from pathlib import Path

import pytest

from tests.support.cli import SHOP, Command, write

AROUND = """
from functools import wraps
from shop import offer, price
w = wraps(offer)(lambda **inputs: offer(**inputs))
t = wraps(price)(lambda **inputs: price(**inputs))
"""


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("shp.py", "Cannot load 'shp.py': there is no such file. Did you mean 'shop.py'?"),
        ("far/shop.py", "Cannot load 'far/shop.py': there is no such file."),
        ("folder/", "Cannot load 'folder': it is a folder. Name a file in it."),
        ("folder.py", "Cannot load 'folder.py': it is a folder. Name a file in it."),
        ("shp:offer", "Cannot find module 'shp': no module has that name. Did you mean 'shop'?"),
        ("pack.shp", "Cannot find module 'pack.shp': no module has that name. Did you mean 'pack.shop'?"),
        ("no.such", "Cannot find module 'no': no module has that name."),
        ("shop.offer", "Cannot find module 'shop.offer': no module has that name. A workflow follows a colon: shop:of"),
        (
            "pack.shop.offer",
            "Cannot find module 'pack.shop.offer': no module has that name. A workflow follows a colon: pac",
        ),
        ("shop.price", "Cannot find module 'shop.price': no module has that name."),
        ("shop.py::offer", "Cannot find 'shop.py::offer': there is one colon too many. Did you mean 'shop.py:offer'?"),
        (
            "./shop.py::offer",
            "Cannot find './shop.py::offer': there is one colon too many. Did you mean './shop.py:offe",
        ),
        ("my-shop", "Cannot find 'my-shop': it is neither the name of a module nor a file that ends in .py."),
        (":offer", "Cannot find '': it is neither the name of a module nor a file that ends in .py."),
        ("./two.dots.py", "Cannot load 'two.dots.py': its name is not a valid name for a module. "),
        ("shop:ofer", "Cannot find workflow 'ofer' in 'shop': there is no such name. Did you mean 'offer'? It has 'of"),
        ("shop:x.y", "Cannot find workflow 'x.y' in 'shop': there is no such name. It has 'offer'."),
        ("none:offer", "Cannot find workflow 'offer' in 'none': there is no such name. It has none."),
        ("shop:price", "Cannot use 'price' of 'shop' as a workflow: it is a task. Name a workflow that needs it."),
        ("none:plain", "Cannot use 'plain' of 'none' as a workflow: it is a plain function. Decorate it with @workflo"),
        ("around:w", "Cannot use 'w' of 'around' as a workflow: it is a function around a workflow. Put @workflow abo"),
        ("around:t", "Cannot use 't' of 'around' as a workflow: it is a task. Name a workflow that needs it."),
        ("none:X", "Cannot use 'X' of 'none' as a workflow: it is of the type int. "),
        ("none.py", "Cannot find a workflow in 'none.py': it has none. Decorate a function with @workflow."),
        ("two.py", "Cannot choose a workflow of 'two.py': it has 2 of them. Name one: two.py:a, two.py:b."),
    ],
)
@pytest.mark.parametrize("command", ["run", "graph"])
def test_a_target_that_leads_nowhere_is_an_error_of_usage(
    flowdeco: Command, command: str, target: str, problem: str
) -> None:
    write("shop.py", SHOP)
    write("pack/__init__.py", "")
    write("pack/shop.py", SHOP)
    write("two.dots.py", SHOP)
    write("none.py", "def plain(): pass\nX = 1")
    write("around.py", AROUND)
    write("two.py", "from flowdeco import workflow\n@workflow\ndef a(): pass\n@workflow\ndef b(): pass")
    Path("folder").mkdir()
    Path("folder.py").mkdir()
    code, out, err = flowdeco(command, target)
    assert (code, out) == (2, "")
    assert str(err).startswith(f"flowdeco {command}: error: {problem}")


def test_a_file_whose_name_is_taken_is_refused(flowdeco: Command) -> None:
    write("json.py", SHOP)
    assert json.loads("1")
    answer = flowdeco("run", "json.py", "--item", "tea")
    assert answer.code == 2
    assert answer.problem.endswith("Cannot load 'json.py': there is another module 'json' already. Rename the file.")


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("import no_such_module_of_mine", "ModuleNotFoundError: No module named 'no_such_module_of_mine'"),
        ("def f():\n    1 / 0\nf()", "ZeroDivisionError: division by zero"),
        ("def f(:", "SyntaxError: invalid syntax"),
        ("from flowdeco import workflow\n@workflow(timeout=-1)\ndef f(): pass", "flowdeco.OptionError: "),
    ],
)
def test_a_file_that_cannot_be_imported_shows_its_own_traceback(flowdeco: Command, text: str, last: str) -> None:
    path = write("broken.py", text)
    code, out, err = flowdeco("run", "--traceback", "broken.py:f")
    lines = str(err).splitlines()
    assert (code, out) == (1, "")
    assert lines[-1].startswith(last)
    frames = [line for line in lines if line.startswith("  File")]
    assert str(path.resolve()) in frames[0]
    assert not any("importlib" in line or "_target" in line for line in frames)


def test_a_package_that_asks_for_what_it_lacks_shows_its_own_traceback(flowdeco: Command) -> None:
    write("pack/__init__.py", "import pack.gone")
    answer = flowdeco("check", "--traceback", "pack.gone:offer")
    assert answer.code == 1
    assert "__init__.py" in answer.err
    assert answer.problem == "ModuleNotFoundError: No module named 'pack.gone'"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "import no_such_module_of_mine",
            [
                "ModuleNotFoundError: No module named 'no_such_module_of_mine'",
                "  at broken.py:1: import no_such_module_of_mine",
            ],
        ),
        ("def f():\n    1 / 0\nf()", ["ZeroDivisionError: division by zero", "  at broken.py:2 in f: 1 / 0"]),
        ("\ndef f(:", ["SyntaxError: invalid syntax", "  at broken.py:2: def f(:"]),
        (
            "import json\njson.loads('x')",
            [
                "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
                "  at broken.py:2: json.loads('x')",
            ],
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "graph", "check"])
def test_what_a_file_cannot_be_imported_for_is_said_in_two_lines(
    flowdeco: Command, text: str, lines: list[str], command: str
) -> None:
    write("broken.py", text)
    code, out, err = flowdeco(command, "broken.py:f")
    assert (code, out) == (1, "")
    assert str(err).splitlines() == [
        f"The import of broken.py:f failed: {lines[0]}",
        lines[1],
        f"For the traceback: flowdeco {command} --traceback broken.py:f{' ...' if command == 'run' else ''}",
    ]


METHODS = """
from flowdeco import task, workflow

class Shop:
    @task
    def rate(self) -> float: return 2.0

    @workflow
    def offer(self, item: str, rate: float) -> str: return f"{item} at {rate}"

    @staticmethod
    @workflow
    def inside(item: str) -> str: return item

    @workflow
    @staticmethod
    def outside(item: str) -> str: return item

    @workflow
    @classmethod
    def of_class(cls, item: str) -> str: return f"{cls.__name__} {item}"

class Market(Shop): pass

class Fair:
    class Stand(Shop): pass

bern = Market()
"""


@pytest.mark.parametrize(
    ("name", "instance"),
    [("Shop.offer", "bern.offer"), ("Market.offer", "bern.offer"), ("Fair.Stand.offer", "stand.offer")],
)
def test_a_method_is_run_on_an_instance_only(flowdeco: Command, name: str, instance: str) -> None:
    write("shops.py", METHODS)
    code, out, err = flowdeco("run", f"shops.py:{name}", "tea")
    reason = f"it is a method. Name it on an instance, as in shops.py:{instance}."
    assert (code, out) == (2, "")
    assert str(err).startswith(f"flowdeco run: error: Cannot run {name!r} of 'shops.py': {reason}")


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("bern.offer", "tea at 2.0"),
        ("Shop.inside", "tea"),
        ("Market.outside", "tea"),
        ("Market.of_class", "Market tea"),
    ],
)
def test_what_needs_no_instance_is_run_on_its_class(flowdeco: Command, name: str, printed: str) -> None:
    write("shops.py", METHODS)
    assert (*flowdeco("run", f"shops.py:{name}", "tea"),) == (0, f"{printed}\n", "")


@pytest.mark.parametrize("command", ["graph", "check"])
def test_a_method_can_be_looked_at_without_an_instance(flowdeco: Command, command: str) -> None:
    write("shops.py", METHODS)
    assert flowdeco(command, "shops.py:Shop.offer").code == 0
