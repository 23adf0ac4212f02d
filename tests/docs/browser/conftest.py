"""The site, built once into a temporary folder and served under a path of its own, as on a host of many projects."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs._blocks import ROOT

#: Where the site is found on its host.
PREFIX = "some/project"

Open = Callable[..., Any]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site."""
    pytest.importorskip("mkdocs", reason="mkdocs is not installed")
    folder = tmp_path_factory.mktemp("host") / PREFIX
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"})
    return folder


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The address of the catalogue's page."""
    handler = functools.partial(_Quiet, directory=str(site.parents[PREFIX.count("/")]))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{PREFIX}/catalogue/browse.html"
        server.shutdown()


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Open]:
    """``opened(hash)``: the page in a context of its own. At the end, nothing was on the console, no other host asked."""
    contexts: list[Any] = []
    said: list[str] = []
    asked: list[str] = []

    def open_page(question: str = "", data: str | None = None, **options: Any) -> Any:
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        if data is not None:
            page.route("**/browse-data.js", lambda route: route.fulfill(body=data, content_type="text/javascript"))
        page.goto(address + question)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith((address.partition(PREFIX)[0], "data:", "blob:"))] == []
