"""Mask files are written in the background, a moment after an edit; the journal has it already."""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

from samaritan.core import ResourceError, SamaritanError

_LOG = logging.getLogger(__name__)

#: Seconds from an edit until the mask file is written; edits meanwhile are written with it.
DELAY = 2.0

#: Seconds until a file that could not be written is tried again.
AGAIN = 15.0


class Savable(Protocol):
    """What can be saved."""

    def save(self) -> None:
        """Raises SamaritanError where it cannot be."""


class Autosave:
    """One thread that saves what was changed.

    Args:
        delay: seconds between a change and its saving.
        again: seconds until a failure is tried again.
    """

    def __init__(self, delay: float = DELAY, again: float = AGAIN) -> None:
        self._delay = delay
        self._again = again
        self._due: dict[Savable, float] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def later(self, document: Savable) -> None:
        """Save ``document`` in a moment."""
        with self._changed:
            if document in self._due:
                return
            self._due[document] = time.monotonic() + self._delay
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="autosave", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """End the thread; what is due is left to the caller."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (document := self._next()) is not None:
            try:
                document.save()
            except ResourceError as error:
                _LOG.warning("A mask was not saved, and is tried again: %s", error)
                with self._changed:
                    self._due.setdefault(document, time.monotonic() + self._again)
            except SamaritanError as error:
                _LOG.warning("A mask was not saved: %s", error)
            except Exception:  # noqa: BLE001 - the others are saved all the same
                _LOG.exception("A mask was not saved.")

    def _next(self) -> Savable | None:
        """What is due, when it is; None when this was closed."""
        with self._changed:
            while not self._closed:
                first = min(self._due, key=self._due.__getitem__, default=None)
                wait = self._due[first] - time.monotonic() if first is not None else None
                if first is not None and wait is not None and wait <= 0:
                    del self._due[first]
                    return first
                self._changed.wait(wait)
        return None
