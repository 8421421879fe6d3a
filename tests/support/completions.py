"""A server that speaks the chat completions protocol, and gives the replies that a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """What the server answers."""

    status: int
    body: Any
    headers: Mapping[str, str] = MappingProxyType({})


def good(text: str = "It is so.", tokens: int = 10) -> Reply:
    return Reply(200, {"choices": [{"message": {"content": text}}], "usage": {"total_tokens": tokens}})


class Server:
    """Speaks the protocol: gives one reply after the other, and the last one for ever."""

    def __init__(self) -> None:
        self.replies: list[Reply | Callable[[], Reply]] = [good()]
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                outer.keys.append(self.headers["Authorization"])
                reply = outer.replies.pop(0) if len(outer.replies) > 1 else outer.replies[0]
                reply = reply() if callable(reply) else reply
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the name of the base class

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"


@contextmanager
def serve() -> Generator[Server]:
    """Have a server on a port that is free, until the block is left."""
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        made.http.shutdown()
        made.http.server_close()
        thread.join(60)
