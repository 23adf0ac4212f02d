"""Small text files that people write: settings, prompts, tables of contents."""

from __future__ import annotations

import stat
from pathlib import Path

from samaritan.core.errors import FormatError, InputError

#: Larger files are not read: nobody writes that much by hand.
MOST_BYTES = 16 * 2**20


def read_text(path: Path | str) -> str:
    """The content of a UTF-8 file, with or without a byte order mark.

    Raises:
        InputError: there is no such file, it cannot be read, is a folder, a pipe or a device (which would never end), or is
            larger than :data:`MOST_BYTES`.
        FormatError: it is not UTF-8.
    """
    path = Path(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"Could not read {path}: it is a folder, a pipe or a device; give a file.")
        if status.st_size > MOST_BYTES:
            raise InputError(
                f"{path} is larger than {MOST_BYTES >> 20} MB, which no such file needs; give the right one."
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"Could not read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is not text in UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8."
        ) from error
