"""Parts of a large file: one range at a time is served, which is all that viewers ask for."""

from __future__ import annotations

import re

from starlette.types import Scope

from samaritan.annotate.server.refusal import RefusedError

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def with_one_range(scope: Scope, size: int) -> None:
    """Leave the request a range that can be served, or none: then the whole file is answered, as the RFC allows.

    Several ranges, other units and what is no range at all are taken away.

    Args:
        scope: its headers are changed.
        size: of the file in bytes.

    Raises:
        RefusedError: 416; the one range that is asked for lies outside.
    """
    values = [value.decode("latin-1").replace(" ", "") for name, value in scope["headers"] if name == b"range"]
    found = _ONE.fullmatch(values[0].lower()) if len(values) == 1 else None
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"range"]
    if found is None or found[0] == "bytes=-":
        return
    first, last = found[1], found[2]
    if first and last and int(last) < int(first):
        return
    start = int(first) if first else size - int(last)
    if start >= size or (not first and int(last) == 0):
        raise RefusedError(416, "range", "The file is shorter than that.", {"Content-Range": f"bytes */{size}"})
    stop = int(last) if first and last else size - 1
    scope["headers"].append((b"range", f"bytes={max(start, 0)}-{min(stop, size - 1)}".encode()))
