"""The browser that looks at what we draw: Debian's chromium, headless, with WebGL in software."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: Where the browser lies, if there is one.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

#: Software WebGL, and nothing that talks to somebody.
ARGUMENTS = (
    "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip


@contextmanager
def launched() -> Iterator[Any]:
    """A Playwright browser, closed at the end. Playwright's loop may run only once in a process at a time."""
    playwright = importlib.import_module("playwright.sync_api")  # not everybody has it
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
