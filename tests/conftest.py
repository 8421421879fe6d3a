"""Every test that runs a workflow runs on asyncio, on asyncio with uvloop, and on trio."""

import gc
import multiprocessing
import signal
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import singledispatch
from importlib.util import find_spec
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, settings

# What the tests share may assert too.
pytest.register_assert_rewrite("tests.support")

Backend: TypeAlias = tuple[str, dict[str, Any]]

# A shell without job control starts what runs in its background with Ctrl-C ignored, and so do all its children.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes, or takes to be made, says more about the machine than about the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("flowdeco", settings.get_profile("any machine"), max_examples=40)
settings.register_profile("thorough", settings.get_profile("any machine"), max_examples=100)
settings.register_profile("soak", settings.get_profile("any machine"), max_examples=1000)
settings.load_profile("flowdeco")

ASYNCIO: Backend = ("asyncio", {"use_uvloop": False})
UVLOOP: Backend = ("asyncio", {"use_uvloop": True})
TRIO: Backend = ("trio", {})

needs_uvloop = pytest.mark.skipif(find_spec("uvloop") is None, reason="uvloop is not installed")
BACKENDS = [
    pytest.param(ASYNCIO, id="asyncio"),
    pytest.param(UVLOOP, id="uvloop", marks=needs_uvloop),
    pytest.param(TRIO, id="trio"),
]

# What tries flowdeco beside other libraries. The extra `test` installs them all, `test-alone` none of them.
OTHERS = ["fastapi", "httpx", "ipykernel", "nbclient", "opentelemetry", "pydantic", "pytest_asyncio", "uvicorn"]
MISSING = [name for name in OTHERS if find_spec(name) is None]
BESIDE_OTHERS = [
    "docs/test_example_crawler.py",
    "docs/test_fastapi.py",
    "docs/test_guide.py",
    "docs/test_notebook.py",
    "docs/test_opentelemetry.py",
    "docs/test_pytest.py",
    "house/test_typing.py",
    "rules/calls/test_coroutine_functions.py",
    "rules/decorators/test_attributes.py",
    "rules/web",
    "unit/cli/test_json_output.py",
    "unit/cli/test_json_type.py",
    "unit/cli/test_value_builder.py",
]
collect_ignore = BESIDE_OTHERS if MISSING else []


def pytest_report_header() -> list[str]:
    """What is left out, and why."""
    left_out = f"left out, as {', '.join(MISSING)} cannot be imported: {', '.join(BESIDE_OTHERS)}"
    return [left_out] if MISSING else []


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One process for a few tests that were named, and as many as there are processors for all others."""
    named = config.args_source is pytest.Config.ArgsSource.ARGS and all(".py" in given for given in config.args)
    return 0 if named or config.option.keyword else None


def pytest_collection_finish() -> None:
    """Takes the collected tests out of what a garbage collection walks through."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """A process tells another what came of a test, which fails for text that UTF-8 has no word for."""
    return spell_surrogates((yield))


@singledispatch
def spell_surrogates(value: Any) -> Any:
    """The same lists, dictionaries and strings, with each lone surrogate spelled out."""
    return value


@spell_surrogates.register(str)
def _(value: str) -> str:
    return value.encode(errors="backslashreplace").decode()


@spell_surrogates.register(list)
def _(value: list[Any]) -> list[Any]:
    return [spell_surrogates(part) for part in value]


@spell_surrogates.register(tuple)
def _(value: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(spell_surrogates, value))


@spell_surrogates.register(dict)
def _(value: dict[Any, Any]) -> dict[Any, Any]:
    return {spell_surrogates(key): spell_surrogates(part) for key, part in value.items()}


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """What the library waits for by its own clock has time on any machine, as has what the tests wait for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flowdeco._runner.notifier.GRACE", 60.0)
        patch.setattr("flowdeco._worker.process_pool._FAREWELL", 60.0)
        yield


@pytest.fixture(scope="module", params=BACKENDS)
def anyio_backend(request: pytest.FixtureRequest) -> Backend:
    """The event loop that anyio's plugin runs an `async def` test on."""
    chosen: Backend = request.param
    return chosen


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    """`(backend, backend_options)` for a plain test that starts its own event loop."""
    chosen: Backend = request.param
    return chosen


@pytest.fixture
def without_collector() -> Iterator[None]:
    """Nothing may need the garbage collector in order to go."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as made:
        yield made
