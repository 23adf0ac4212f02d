"""One process per folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samaritan.core.errors import ResourceError


@contextmanager
def exclusive(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file ``path``, which names our process.

    The kernel lets go of the lock when its holder dies, however it dies; the file that a killed run leaves is taken over.

    Args:
        path: the lock file.
        wait: until another process has let go of it, instead of refusing.

    Raises:
        ResourceError: another process holds it and ``wait`` is False, or the file cannot be made.
    """
    try:
        handle = _acquire(path, wait)
    except OSError as error:
        raise ResourceError(f"Could not lock {path.parent}: {error.strerror or error}.") from error
    try:
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _acquire(path: Path, wait: bool) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            holder = os.read(handle, 32).decode("ascii", "replace").strip()
            os.close(handle)
            raise ResourceError(
                f"{path.parent} is in use by another run (process {holder or 'unknown'}); wait for it or choose another folder."
            ) from error
        try:
            same = path.stat().st_ino == os.fstat(handle).st_ino
        except FileNotFoundError:
            same = False
        if same:
            return handle
        os.close(handle)  # its holder finished and removed it between our open and our lock: try the new file
