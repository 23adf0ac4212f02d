"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samaritan.core.errors import ResourceError

#: Characters of a name's ending that go into the temporary name, which must not be too long itself.
_MOST_SUFFIX = 32


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

    Whatever is raised inside, ``path`` keeps what it was (or stays absent) and the temporary folder is removed.

    Raises:
        ResourceError: it cannot be written, the disk is full, or ``path`` exists and ``overwrite`` is False.
    """
    path = Path(path)
    stage: Path | None = None
    try:
        if path.exists() and not overwrite:
            raise ResourceError(f"{path} exists already; choose another name or pass --overwrite.")
        path.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".tmp-", dir=path.parent))
        made = stage / "new"
        made.mkdir()
        yield made
        for file in made.rglob("*"):
            _sync(file)
        _exchange(made, path, stage / "old")
        _sync(path.parent)
    except OSError as error:
        raise ResourceError(f"Could not write {path}: {error.strerror or error}; nothing was changed.") from error
    finally:
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)


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
