"""A server on this machine whose answers a test writes down."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: status, headers, body, seconds before it answers
Reply = tuple[int, dict[str, str], bytes, float]


def reply(status: int, body: bytes = b"", *, slow: float = 0.0, **headers: str) -> Reply:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, body, slow


@dataclass
class Server:
    """Where it listens, and what it was asked: (method, path, user agent)."""

    address: str
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def paths(self, method: str) -> list[str]:
        return [path for how, path, _ in self.asked if how == method]


@contextmanager
def serving(answer: Callable[[str, str, int], Reply]) -> Iterator[Server]:
    """Answers are ``answer(method, path, how often this was asked before)``."""
    server = Server("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_HEAD(self) -> None:
            self._answer("HEAD")

        def _answer(self, method: str) -> None:
            before = sum((method, self.path) == one[:2] for one in server.asked)
            server.asked.append((method, self.path, self.headers.get("User-Agent", "")))
            status, headers, body, slow = answer(method, self.path, before)
            time.sleep(slow)
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if method == "GET":
                    self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                return  # who asked did not wait

        def log_message(self, *_arguments: object) -> None:
            return

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class Clock:
    """A time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


@contextmanager
def raw(pieces: Iterable[bytes]) -> Iterator[str]:
    """The address of a server that sends these bytes, whatever it is asked, to the first who asks."""
    listening = socket.create_server(("127.0.0.1", 0))

    def send() -> None:
        with suppress(OSError):  # who asked is gone, or nobody came
            asking, _ = listening.accept()
            with asking:
                asking.recv(65536)
                for piece in pieces:
                    asking.sendall(piece)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()
