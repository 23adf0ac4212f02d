from __future__ import annotations

import threading

import pytest

from samaritan.annotate.workspace._autosave import Autosave
from samaritan.core import InputError, ResourceError


class Counted:
    """Fails as often as ``faults`` holds errors."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.calls = 0
        self.saved = threading.Event()

    def save(self) -> None:
        self.calls += 1
        if self.faults:
            raise self.faults.pop(0)
        self.saved.set()


def test_edits_in_a_row_are_saved_once() -> None:
    autosave, document = Autosave(delay=0.05), Counted()
    for _ in range(50):
        autosave.later(document)
    assert document.saved.wait(60)
    autosave.close()
    assert document.calls == 1


def test_a_full_disk_is_tried_again_and_a_bad_image_is_not(caplog: pytest.LogCaptureFixture) -> None:
    autosave = Autosave(delay=0, again=0.01)
    full, bad, good = Counted(ResourceError("full")), Counted(InputError("bad")), Counted()
    for document in (full, bad, good):
        autosave.later(document)
    assert full.saved.wait(60)
    assert good.saved.wait(60)
    autosave.close()
    assert (full.calls, bad.calls, good.calls) == (2, 1, 1)
    assert "is tried again: full" in caplog.text
    assert "was not saved: bad" in caplog.text


def test_what_nobody_expected_is_logged_and_the_next_one_saved(caplog: pytest.LogCaptureFixture) -> None:
    autosave = Autosave(delay=0, again=0.01)
    odd, good = Counted(ZeroDivisionError("odd")), Counted()
    for document in (odd, good, odd):
        autosave.later(document)
    assert good.saved.wait(60)
    autosave.close()
    assert "ZeroDivisionError: odd" in caplog.text


def test_after_closing_nothing_happens() -> None:
    autosave, document = Autosave(delay=0), Counted()
    autosave.close()
    autosave.later(document)
    autosave.close()
    assert document.calls == 0
