"""The MONAI Label REST protocol, so that 3D Slicer, OHIF, MITK and QuPath can use samaritan as their server.

The same cases, model and Improve as in the page. Everything lies under ``/monai-label``, and is opened by a key of its own:
as the first part of the path, or as a bearer token that ``/auth/token`` gives for it (see ``door``). Indices are voxels of the
file as it was given (see ``said``); ``docs/monai-label.md`` says how to connect each client, and what each leaves out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from samaritan.annotate.server.monailabel import about, datastore, infer, training
from samaritan.annotate.server.monailabel.desk import Desk
from samaritan.annotate.server.tokens import PROTOCOL

__all__ = ["Desk", "routes"]

Handler = Callable[[Desk, Request], Awaitable[Response]]

_TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/info/", about.info),
    ("GET", "/auth/", about.auth),
    ("POST", "/auth/token", about.token),
    ("GET", "/auth/token/valid", about.valid),
    ("GET", "/logs/", about.logs),
    ("POST", "/infer/{model}", infer.infer),
    ("POST", "/infer/wsi/{model}", infer.outlined),
    ("POST", "/infer/wsi_v2/{model}", infer.outlined),
    ("PUT", "/session/", infer.make_session),
    ("GET", "/session/{session}", infer.get_session),
    ("DELETE", "/session/{session}", infer.remove_session),
    ("POST", "/activelearning/{strategy}", training.next_sample),
    ("GET", "/train/", training.look),
    ("POST", "/train/", training.start),
    ("POST", "/train/{model}", training.start),
    ("DELETE", "/train/", training.stop),
    ("GET", "/datastore/", datastore.listing),
    ("PUT", "/datastore/", datastore.not_taken),
    ("PUT", "/datastore/image", datastore.not_taken),
    ("GET", "/datastore/image", datastore.image),
    ("GET", "/datastore/image/info", datastore.image_info),
    ("GET", "/datastore/label", datastore.label),
    ("GET", "/datastore/label/info", datastore.label_info),
    ("PUT", "/datastore/label", datastore.save_label),
)


def routes(desk: Desk) -> Mount:
    """The protocol's routes, to be put before those of the page."""
    desk.sessions.clear()
    found = [Route(path, _endpoint(desk, handler), methods=[method]) for method, path, handler in _TABLE]
    anything = Route(
        "/{path:path}", _endpoint(desk, about.anything_else), methods=["OPTIONS", "GET", "POST", "PUT", "DELETE"]
    )
    return Mount(PROTOCOL, routes=[*found, anything])


def _endpoint(desk: Desk, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await handler(desk, request)

    return answer
