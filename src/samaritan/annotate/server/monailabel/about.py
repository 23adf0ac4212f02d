"""What a client asks first: who is there, what it can do, and whether it may come in."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from samaritan import __version__
from samaritan.annotate.server.monailabel.datastore import status
from samaritan.annotate.server.monailabel.desk import Desk, Mode
from samaritan.annotate.server.monailabel.training import STRATEGIES, stats, trainers
from samaritan.annotate.server.refusal import RefusedError, nothing_here

_SENTENCES: dict[Mode, str] = {
    "slice": "One slice, from {prompts}",
    "volume": "The whole volume, from {prompts} on one or more slices",
    "auto": "All labels that the adapted model was taught, without a prompt",
}

_PROMPTS = {"points": "points", "box": "a box (roi)"}

#: Lines of the log that are given at most.
MOST_LINES = 1000


async def info(desk: Desk, _: Request) -> Response:
    """GET /info/."""
    cases = await to_thread.run_sync(desk.parts.workspace.summaries)
    labels = [label.name for label in desk.parts.workspace.labels]
    return JSONResponse(
        {
            "name": f"samaritan: {desk.parts.settings.folder}",
            "description": "Segment Anything models on medical images",
            "version": __version__,
            "labels": labels,
            "models": {
                name: _model(mode, labels, desk.parts.engine.state.prompts) for name, mode in desk.models.items()
            },
            "trainers": trainers(desk),
            "strategies": {name: {"description": sentence} for name, sentence in STRATEGIES.items()},
            "scoring": {},
            "train_stats": stats(desk),
            "datastore": status(cases),
            "config": {},
        }
    )


def _model(mode: Mode, labels: list[str], prompts: Sequence[str]) -> dict[str, Any]:
    """Interactive models name no labels: they answer for any, and 3D Slicer would run those that do on every new image."""
    return {
        "type": "segmentation" if mode == "auto" else "deepgrow",
        "dimension": 2 if mode == "slice" else 3,
        "labels": labels if mode == "auto" else [],
        "description": _SENTENCES[mode].format(
            prompts=" and ".join(_PROMPTS[one] for one in prompts if one in _PROMPTS)
        ),
        "config": {},
    }


async def auth(_: Desk, request: Request) -> Response:
    """GET /auth/: whether a client must send user and password; not where the address holds the key."""
    return JSONResponse(
        {"enabled": "authorization" not in request.headers, "client_id": "samaritan", "realm": "samaritan"}
    )


async def token(desk: Desk, request: Request) -> Response:
    """POST /auth/token: any user, and the key as the password."""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
    password = fields.get("password", [""])[0]
    if not desk.parts.settings.keys.is_protocol(password):
        raise RefusedError(401, "unauthorized", "The password is the key that samaritan annotate printed.")
    return JSONResponse({"access_token": password, "token_type": "bearer"})


async def valid(_: Desk, __: Request) -> Response:
    """GET /auth/token/valid: who has come so far has a valid one."""
    return JSONResponse({"username": "samaritan", "roles": ["user"]})


async def logs(desk: Desk, request: Request) -> Response:
    """GET /logs/: the last lines of the server's log, without names of images."""
    wished = request.query_params.get("lines", "300")
    lines = min(int(wished), MOST_LINES) if wished.isdigit() else 300
    text = await to_thread.run_sync(_tail, lines)
    for root in desk.parts.settings.roots:  # images may be called after people
        text = re.sub(re.escape(str(root)) + r"[^\s'\"]*", "...", text)
    return PlainTextResponse(text)


def _tail(lines: int) -> str:
    handlers = logging.getLogger("samaritan.annotate").handlers
    files = [Path(one.baseFilename) for one in handlers if isinstance(one, RotatingFileHandler)]
    if not files or not files[0].is_file() or lines <= 0:
        return ""
    return "\n".join(files[0].read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]) + "\n"


async def anything_else(_: Desk, request: Request) -> Response:
    """OPTIONS, as browsers ask before a page of another origin may (the door adds what is allowed); nothing otherwise."""
    if request.method != "OPTIONS":
        raise nothing_here()
    return Response(status_code=204)
