"""A webhook on this machine that keeps what it is told."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Heard:
    """Its address, and the notices in the order they came."""

    url: str
    notices: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def listening(answer: int = 204) -> Iterator[Heard]:
    """Listen while the block runs; every notice is answered with a status of HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.notices.append(json.loads(body))
            self.send_response(answer)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        heard = Heard(f"http://127.0.0.1:{server.server_port}/hook")
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield heard
        server.shutdown()
        thread.join()
