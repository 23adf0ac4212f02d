"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samaritan.core.errors import ResourceError

#: Characters of a name's ending that go into the temporary name, which must not be too long itself.
_MOST_SUFFIX = 32

#: In a temporary folder: locked by the process that fills it, for as long as that lives; holds the name of the folder to be.
_LOCK = "lock"


@contextmanager
def atomic_path(path: Path | str, *, overwrite: bool = True) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; on success it is synced and renamed to ``path``.

    The temporary name ends like ``path``, so that writers which look at the extension work. Whatever is raised inside,
    ``path`` keeps its old content (or stays absent) and the temporary file is removed.

    Raises:
        ResourceError: the folder cannot be written, the disk is full, ``path`` exists and ``overwrite`` is False, or it
            is no regular file (renaming onto a device or pipe would replace it).
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        _refuse_existing(path, overwrite)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=".tmp-", suffix="".join(path.suffixes[-2:])[-_MOST_SUFFIX:], dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise ResourceError(f"Could not write {path}: {error.strerror or error}; nothing was changed.") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: Path | str, text: str, *, overwrite: bool = True) -> None:
    """Write ``text`` as UTF-8, whole or not at all; raises as :func:`atomic_path`."""
    with atomic_path(path, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path | str, content: bytes, *, overwrite: bool = True) -> None:
    """Write ``content``, whole or not at all; raises as :func:`atomic_path`."""
    with atomic_path(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)


@contextmanager
def atomic_folder(path: Path | str, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; on success its files are synced and it is renamed to ``path``.

    Whatever is raised inside, ``path`` keeps what it was (or stays absent) and the temporary folder is removed. What a
    killed process left beside ``path`` is removed too; what a running one fills is not touched.

    Raises:
        ResourceError: it cannot be written, the disk is full, or ``path`` exists and ``overwrite`` is False.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(path.parent)
        if path.exists() and not overwrite:
            raise ResourceError(f"{path} exists already; choose another name or pass --overwrite.")
        with _stage(path) as stage:
            made = stage / "new"
            made.mkdir()
            yield made
            for file in made.rglob("*"):
                _sync(file)
            _exchange(made, path, stage / "old")
            _sync(path.parent)
    except OSError as error:
        raise ResourceError(f"Could not write {path}: {error.strerror or error}; nothing was changed.") from error


@contextmanager
def _stage(path: Path) -> Iterator[Path]:
    """A folder beside ``path`` that others leave alone while this process lives."""
    stage = Path(tempfile.mkdtemp(prefix=".tmp-", dir=path.parent))
    handle = None
    try:
        # locked before it has the name that others look for
        early = stage / f"{_LOCK}.new"
        handle = os.open(early, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(handle, os.fsencode(path.name))
        early.replace(stage / _LOCK)
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _clear_abandoned(parent: Path) -> None:
    """Remove what killed processes left; a folder that one had moved aside and not replaced goes back to its place."""
    for lock in parent.glob(f".tmp-*/{_LOCK}"):
        try:
            handle = os.open(lock, os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            old, place = lock.with_name("old"), parent / Path(os.fsdecode(os.read(handle, 4096))).name
            if old.exists() and not place.exists():
                old.replace(place)
            shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:  # its process lives, or it cannot be moved
            continue
        finally:
            os.close(handle)


def _exchange(new: Path, path: Path, old: Path) -> None:
    """Rename ``new`` to ``path`` and what was there to ``old``; there is no single step for folders."""
    if not path.exists():
        new.replace(path)
        return
    path.replace(old)
    try:
        new.replace(path)
    except OSError:
        old.replace(path)
        raise


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if path.exists() and not path.is_file():
        raise ResourceError(f"{path} is not a regular file; choose another name.")
    if path.exists() and not overwrite:
        raise ResourceError(f"{path} exists already; choose another name or pass --overwrite.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
