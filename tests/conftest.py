"""What every test shares: nothing is taken from, or left in, the cache of whoever runs them."""

from __future__ import annotations

import importlib
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from benchmarks.chromium import CHROMIUM, launched

#: A machine that is busy is no defect.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# In a shell's background the signal is ignored, and would be by every command that a test starts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No prepared runtimes or weights of the user; embeddings are kept only by tests that choose a size of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMARITAN_CACHE", str(tmp_path_factory.mktemp("samaritan-cache")))
        patch.setenv("SAMARITAN_EMBEDDINGS_GB", "0")
        yield


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what a training does not depend on, which takes longer than one of a miniature: curve, forecast, TensorBoard."""
    _hurry(monkeypatch)


@pytest.fixture(scope="module")
def quick_module() -> Iterator[None]:
    """The same for all tests of a module, so that they can share a training."""
    with pytest.MonkeyPatch.context() as patch:
        _hurry(patch)
        yield


def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("samaritan.train.fit"), "draw_curve", lambda *_: None)
    monkeypatch.setattr("samaritan.train._log.find_spec", lambda name: None)
    monkeypatch.setattr("samaritan.train.forecast.dry_run", _unforeseen)


def _unforeseen(*_: object) -> None:
    raise RuntimeError("Tests do not simulate a step.")  # as for a network that cannot be simulated


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium with WebGL in software: one for all tests, since Playwright's loop may run once in a process."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    playwright.expect.set_options(timeout=30_000)  # on a busy machine
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with launched() as browser:
        yield browser
