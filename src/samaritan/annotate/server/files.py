"""Large files: opened once, so that they may be removed meanwhile, and sent in pieces, whole or one range of them."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from samaritan.annotate.server.refusal import RefusedError

_PIECE = 1 << 20

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


async def send_file(request: Request, path: Path, *, name: str | None = None) -> Response:
    """The answer that holds a file, the range of it that is asked for, or 304 where the client has it.

    Args:
        request: its headers Range, If-Range and If-None-Match count.
        path: of the file; it stays untold.
        name: under which browsers save it; None where they should not.

    Raises:
        RefusedError: 416.
        OSError: it cannot be read.
    """
    file = await to_thread.run_sync(path.open, "rb")
    try:
        stat = os.fstat(file.fileno())
        tag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
        headers = {"ETag": tag, "Accept-Ranges": "bytes"}
        if name is not None:
            headers["Content-Disposition"] = _disposition(name)
        if tag in request.headers.get("if-none-match", ""):
            file.close()
            return Response(status_code=304, headers=headers)
        wanted = request.headers.getlist("range") if request.headers.get("if-range", tag) == tag else []
        part = one_range(wanted, stat.st_size)
    except BaseException:
        file.close()
        raise
    start, stop = part or (0, stat.st_size)
    headers["Content-Length"] = str(stop - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{stat.st_size}"
    return StreamingResponse(
        _pieces(file, start, stop), 200 if part is None else 206, headers, "application/octet-stream"
    )


def one_range(headers: list[str], size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None where the whole file is answered.

    That is allowed for whatever is asked, and is done for several ranges, other units and what is no range at all.

    Args:
        headers: values of Range.
        size: of the file in bytes.

    Raises:
        RefusedError: 416; the one range lies outside the file.
    """
    found = _RANGE.fullmatch(headers[0].lower().replace(" ", "")) if len(headers) == 1 else None
    if found is None or (found[1] and found[2] and int(found[2]) < int(found[1])) or not (found[1] or found[2]):
        return None
    if found[1]:
        start, stop = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
    else:
        start, stop = max(size - int(found[2]), 0), size
    if start >= stop:
        raise RefusedError(416, "range", "The file is shorter than that.", {"Content-Range": f"bytes */{size}"})
    return start, stop


def _disposition(name: str) -> str:
    """Two names, since old readers take only ASCII."""
    plain = re.sub(r"[^ -~]|[\"\\\\%]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=utf-8''{quote(name, safe='', errors='replace')}"


async def _pieces(file: BinaryIO, start: int, stop: int) -> AsyncIterator[bytes]:
    with file:
        await to_thread.run_sync(file.seek, start)
        while start < stop:
            piece = await to_thread.run_sync(file.read, min(_PIECE, stop - start))
            if not piece:
                raise OSError("The file became shorter while it was sent.")
            start += len(piece)
            yield piece
