"""Hooks of schemathesis: edits name the revision that the case is at, so that most of them are done and not only refused."""

from __future__ import annotations

from typing import Any

import schemathesis

_NOW: dict[str, int] = {"revision": 0}


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Put the revision in that the last answer told; three in four times, as one of four is odd."""
    if isinstance(body, dict) and isinstance(body.get("revision"), int) and body["revision"] % 4 != 3:
        return {**body, "revision": _NOW["revision"]}
    return body


@schemathesis.hook
def after_call(_context: Any, _case: Any, response: Any) -> None:
    """Remember the revision."""
    if response.headers.get("content-type", [""])[0].startswith("application/json"):
        told = response.json() if response.content else None
        if isinstance(told, dict) and isinstance(told.get("revision"), int):
            _NOW["revision"] = told["revision"]
