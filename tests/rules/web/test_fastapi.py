"""FastAPI takes workflows for what they are: functions, as endpoints and as dependencies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import httpx
import pytest
from fastapi import Depends, FastAPI, Query, Request
from pydantic import BaseModel, ValidationError, validate_call
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from flowdeco import task, workflow
from tests.support.naming import mention


class Order(BaseModel):
    item: str
    count: int = 1


class Bill(BaseModel):
    total: float


class Shelf:
    """What a dependency of FastAPI's own gives."""

    prices: ClassVar = {"tea": 4.0}


def shelf() -> Shelf:
    return Shelf()


@task
async def price(item: str) -> float:
    return {"tea": 4.0, "coffee": 6.5}[item]


@task
def total(price: float, count: int) -> float:
    return price * count


@workflow
def offer(item: str, count: Annotated[int, Query(ge=1)], total: float) -> Bill:
    """Say what it costs."""
    return Bill(total=total)


@workflow
async def offer_async(item: str, count: Annotated[int, Query(ge=1)], total: float) -> Bill:
    """Say what it costs."""
    return Bill(total=total)


@workflow
def bare(item, count, total) -> Any:  # type: ignore[no-untyped-def]
    return locals()


@task
def doubled(number: float) -> float:
    return 2 * number


@task
def ordered(order: Order) -> float:
    return 4.0 * order.count


@workflow
def book(order: Order, shop: str, ordered: float) -> dict[str, Any]:
    return {"shop": shop, "total": ordered}


@workflow
async def look(request: Request, shelf: Annotated[Shelf, Depends(shelf)], item: str = "tea") -> dict[str, Any]:
    return {"path": request.url.path, "price": shelf.prices[item]}


mention(price, total, ordered)
BOTH = [offer, offer_async, offer.call, offer_async.call, offer.call_sync, offer_async.call_sync]
NAMES = ["def", "async", "def call", "async call", "def call_sync", "async call_sync"]
each_way = pytest.mark.parametrize("way", BOTH, ids=NAMES)


async def ask(app: Starlette, url: str, method: str = "GET", **options: Any) -> tuple[int, Any]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        answer = await client.request(method, url, **options)
    return answer.status_code, answer.json()


@each_way
async def test_a_workflow_is_an_endpoint(way: Callable[..., Any]) -> None:
    app = FastAPI()
    app.get("/offer")(way)
    assert await ask(app, "/offer?item=tea&count=2") == (200, {"total": 8.0})


@each_way
async def test_the_inputs_are_checked_as_their_annotations_say(way: Callable[..., Any]) -> None:
    app = FastAPI()
    app.get("/offer")(way)
    for query in ("item=tea&count=many", "item=tea&count=0", "item=tea"):
        code, answer = await ask(app, f"/offer?{query}")
        assert code == 422
        assert answer["detail"][0]["loc"] == ["query", "count"]


@each_way
async def test_an_endpoint_is_described_as_the_workflow(way: Callable[..., Any]) -> None:
    app = FastAPI()
    app.get("/offer")(way)
    _, schema = await ask(app, "/openapi.json")
    described = schema["paths"]["/offer"]["get"]
    assert described["description"] == "Say what it costs."
    assert {p["name"]: p["schema"]["type"] for p in described["parameters"]} == {"item": "string", "count": "integer"}
    answer = described["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/Bill"}


@each_way
async def test_a_workflow_is_a_dependency(way: Callable[..., Any]) -> None:
    app = FastAPI()

    async def read(bill: Annotated[Bill, Depends(way)], note: str = "") -> str:
        return f"{bill.total} {note}"

    read.__annotations__ = {"bill": Annotated[Bill, Depends(way)], "note": str}  # `way` is no name of the module
    app.get("/read")(read)
    assert await ask(app, "/read?item=coffee&count=2&note=hot") == (200, "13.0 hot")
    assert (await ask(app, "/read?item=coffee"))[0] == 422


async def test_a_dependency_that_is_needed_twice_runs_once() -> None:
    runs: list[str] = []

    @task
    def counted(item: str) -> int:
        runs.append(item)
        return len(runs)

    @workflow
    def w(item: str, counted: int) -> int:
        return counted

    def read(one: int, other: int) -> list[int]:
        return [one, other]

    read.__annotations__ = {"one": Annotated[int, Depends(w.call)], "other": Annotated[int, Depends(w.call)]}
    app = FastAPI()
    app.get("/read")(read)
    assert await ask(app, "/read?item=tea") == (200, [1, 1])


async def test_a_dependency_may_be_overridden() -> None:
    def read(bill: Bill) -> float:
        return bill.total

    read.__annotations__ = {"bill": Annotated[Bill, Depends(offer.call)]}
    app = FastAPI()
    app.get("/read")(read)
    app.dependency_overrides[offer.call] = lambda: Bill(total=1.0)
    assert await ask(app, "/read") == (200, 1.0)
    app.dependency_overrides[offer.call] = offer.override(total=3.0).call
    assert await ask(app, "/read?item=tea&count=1") == (200, 3.0)


async def test_inputs_without_annotations_are_read_as_the_tasks_that_receive_them_say() -> None:
    app = FastAPI()
    app.get("/offer")(bare.call)
    assert await ask(app, "/offer?item=tea&count=2") == (200, {"item": "tea", "count": 2, "total": 8.0})
    assert (await ask(app, "/offer?item=tea&count=many"))[0] == 422


async def test_a_body_and_parts_of_the_path_are_inputs() -> None:
    app = FastAPI()
    app.post("/{shop}")(book.call)
    assert await ask(app, "/bern", "POST", json={"item": "tea", "count": 3}) == (200, {"shop": "bern", "total": 12.0})
    assert (await ask(app, "/bern", "POST", json={"count": 3}))[0] == 422


async def test_the_request_and_fastapi_s_own_dependencies_are_inputs() -> None:
    app = FastAPI()
    app.get("/look")(look)
    assert await ask(app, "/look") == (200, {"path": "/look", "price": 4.0})


async def test_an_endpoint_that_is_awaited_runs_on_the_event_loop_and_another_in_a_thread() -> None:
    @workflow
    async def where_async() -> bool:
        return threading.current_thread() is here

    @task
    async def loop() -> bool:
        return threading.current_thread() is here

    @workflow
    def where(loop: bool) -> list[bool]:
        return [loop, threading.current_thread() is here]

    here = threading.current_thread()
    app = FastAPI()
    app.get("/async")(where_async)
    app.get("/def")(where)
    assert await ask(app, "/async") == (200, True)
    assert await ask(app, "/def") == (200, [True, False])


async def test_a_task_is_an_endpoint_and_a_dependency_as_the_function_that_it_is() -> None:
    def read(price: float, total: float) -> list[float]:
        return [price, total]

    read.__annotations__ = {"price": Annotated[float, Depends(price)], "total": Annotated[float, Depends(doubled)]}
    app = FastAPI()
    app.get("/price")(price)
    app.get("/doubled")(doubled)
    app.get("/read")(read)
    assert await ask(app, "/price?item=tea") == (200, 4.0)
    assert await ask(app, "/doubled?number=2") == (200, 4.0)
    assert await ask(app, "/read?item=tea&number=3") == (200, [4.0, 6.0])
    assert (await ask(app, "/doubled?number=many"))[0] == 422


async def test_what_a_task_raises_comes_out_of_the_endpoint_as_it_is() -> None:
    app = FastAPI()
    app.get("/offer")(offer.call)
    with pytest.raises(KeyError, match="milk"):
        await ask(app, "/offer?item=milk&count=1")


async def test_what_is_not_documented_is_not_described() -> None:
    app = FastAPI()
    app.get("/bare", name="bare")(bare.call)
    _, schema = await ask(app, "/openapi.json")
    assert schema["paths"]["/bare"]["get"]["summary"] == "Bare"
    assert "description" not in schema["paths"]["/bare"]["get"]


async def test_a_way_to_call_is_an_endpoint_of_starlette_which_takes_functions_and_methods_only() -> None:
    @workflow
    async def hello(request: Request) -> JSONResponse:
        return JSONResponse(request.query_params["name"])

    @workflow
    def hello_def(request: Request) -> JSONResponse:
        return JSONResponse(request.query_params["name"])

    ways = [hello.call, hello.call_sync, hello_def.call, hello_def.call_sync]
    app = Starlette(routes=[Route(f"/{at}", way) for at, way in enumerate(ways)])
    for at in range(len(ways)):
        assert await ask(app, f"/{at}?name=Ada") == (200, "Ada")


def test_pydantic_checks_the_arguments_of_a_way_to_call() -> None:
    checked = validate_call(offer.override(total=2.0).call_sync)
    given: Any = "3"
    assert checked(item="tea", count=given) == Bill(total=2.0)
    with pytest.raises(ValidationError):
        checked(item="tea", count=0)


async def test_a_method_is_an_endpoint() -> None:
    class Shop:
        @workflow
        def offer(self, item: str, total: float, count: int = 1) -> float:
            return total

    app = FastAPI()
    app.get("/offer")(Shop().offer)
    app.get("/call")(Shop().offer.call)
    assert await ask(app, "/offer?item=tea") == (200, 4.0)
    assert await ask(app, "/call?item=tea&count=3") == (200, 12.0)
