"""A real browser on a real server: both are started here, and always ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks.annotate.server import Server
from samaritan.annotate.server.settings import PAGE

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from tests.annotate.browser.screen import Screen

#: Console messages that the browser writes by itself.
_NOISE = ("GPU stall due to ReadPixels", "Automatic fallback to software WebGL", "Failed to load resource")

#: And those where the server is away.
_REFUSED = ("WebSocket connection to", "net::ERR_", "HTTP Authentication failed")


@pytest.fixture(scope="session")
def browser(browser: Any) -> Any:
    """The browser, where there is a page for it."""
    if not (PAGE / "index.html").is_file():
        pytest.skip("the annotator's page is not built; run `make page`")
    return browser


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """``serve(folder, model=..., labels=...)`` -> a running server, whose model answers; its output lies beside the folder."""
    with ExitStack() as stack:

        def start(folder: Path, *, model: str = "litemedsam", **options: Any) -> Server:
            server = stack.enter_context(Server(folder, tmp_path / "out", model=model, **options))
            server.await_model()
            return server

        yield start


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Screen]]:
    """``visit(server, path="", refusals=(), deaf=False, **context)`` -> its page in a window of 1280 x 800.

    A page that is deaf does not hear what the server says by itself.

    At the end nothing may have been asked of another host, no request may have been refused other than with one of
    ``refusals``, and no error may stand in the console.
    """
    contexts: list[Any] = []
    foreign: list[str] = []
    errors: list[str] = []

    def open_page(
        server: Server, path: str = "", refusals: tuple[int, ...] = (), deaf: bool = False, **context: Any
    ) -> Screen:
        window = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **context}
        )
        contexts.append(window)
        page = window.new_page()
        page.set_default_timeout(30_000)
        if deaf:
            page.route_web_socket("**/api/events", lambda _: None)
        host = urlsplit(server.url).netloc

        def requested(request: Any) -> None:
            if urlsplit(request.url).netloc != host:
                foreign.append(request.url)

        def said(message: Any) -> None:
            expected = (*_NOISE, *(_REFUSED if refusals else ()))
            if message.type == "error" and not any(part in message.text for part in expected):
                errors.append(message.text)

        page.on("request", requested)
        page.on("websocket", requested)
        page.on("console", said)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.link())
        if path:
            page.goto(f"{server.url}{path}")
        return Screen(page)

    yield open_page
    for window in contexts:
        window.close()
    assert foreign == []
    assert errors == []
