"""The application on stand-ins, in this process and on a port."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from samaritan.annotate.server import Hub, Limits, ServerSettings, create_app
from samaritan.annotate.server.listen import listening_socket
from samaritan.annotate.server.run import Server

from .fakes import Engine, Learner, Workspace

HOST = "127.0.0.1:8321"
ORIGIN = f"http://{HOST}"


@dataclass
class Stand:
    """An application and what it stands on."""

    workspace: Workspace
    engine: Engine
    learner: Learner
    settings: ServerSettings
    hub: Hub
    app: Starlette

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.settings.keys.script}"}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A built page of three files."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>samaritan</title>")
    (folder / "assets" / "main-AbCd1234.js").write_text("console.log(1)")
    (folder / "assets" / "plain.css").write_text("body { margin: 0 }")
    return folder


@pytest.fixture
def stand(tmp_path: Path, page: Path) -> Stand:
    folder = tmp_path / "images"
    folder.mkdir()
    settings = ServerSettings(page=page, roots=(folder,), folder="images", output="images-annotated")
    workspace, engine, learner, hub = Workspace(folder), Engine(), Learner(), Hub()
    return Stand(workspace, engine, learner, settings, hub, create_app(workspace, engine, learner, settings, hub))


@pytest.fixture
def client(stand: Stand) -> Iterator[TestClient]:
    """A script with the token."""
    with TestClient(stand.app, base_url=ORIGIN, headers=stand.bearer, follow_redirects=False) as client:
        yield client


@pytest.fixture
def stranger(stand: Stand) -> Iterator[TestClient]:
    """Somebody without token and cookie."""
    with TestClient(stand.app, base_url=ORIGIN, follow_redirects=False) as client:
        yield client


@dataclass
class Live:
    """A server on a port of its own."""

    stand: Stand
    port: int
    server: Server

    def connect(self, seconds: float = 10.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def say(self, request: bytes, seconds: float = 10.0) -> bytes:
        """Send bytes and read until the server closes, or says nothing for ``seconds``."""
        with self.connect(seconds) as peer:
            peer.sendall(request)
            return heard(peer)

    def get(self, path: str, *lines: str, method: str = "GET", body: bytes = b"") -> bytes:
        """The whole answer to one request of a script."""
        head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close", *lines]
        head += [f"{name}: {value}" for name, value in self.stand.bearer.items()]
        return self.say("\r\n".join([*head, "", ""]).encode() + body)


def heard(peer: socket.socket) -> bytes:
    """Everything until the peer closes."""
    parts = []
    try:
        while part := peer.recv(65536):
            parts.append(part)
    except (TimeoutError, ConnectionResetError):
        pass
    return b"".join(parts)


@contextmanager
def serving(stand: Stand, limits: Limits) -> Iterator[Live]:
    settings = replace(stand.settings, limits=limits)
    app = create_app(stand.workspace, stand.engine, stand.learner, settings, stand.hub)
    listener = listening_socket("127.0.0.1", 0)
    port = listener.getsockname()[1]
    up = threading.Event()
    server = Server(app, limits, up.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.until_told(listener)))
    thread.start()
    try:
        assert up.wait(60)
        yield Live(replace(stand, app=app, settings=settings), port, server)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
    assert not thread.is_alive()


@pytest.fixture
def live(stand: Stand) -> Iterator[Callable[..., Live]]:
    """Start the server with given limits; it ends with the test."""
    with ExitStack() as stack:
        yield lambda **limits: stack.enter_context(serving(stand, Limits(**limits)))
