"""How MONAI Label's clients get in: by a key in the address or as a bearer token, and pages from allowed origins only.

3D Slicer downloads images, and OHIF asks for everything, without a header of their own; so the key may be the first part of the
path. It is moved into the header before anything else sees the request, so that it stands in no log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samaritan.annotate.server.tokens import PROTOCOL as PREFIX

_KEY = re.compile(rf"{PREFIX}/([A-Za-z0-9_-]{{43}})(/.*)?")

_ALLOWED = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type",
    "Access-Control-Allow-Private-Network": "true",
    "Access-Control-Expose-Headers": "Content-Disposition",
    "Access-Control-Max-Age": "600",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Origin",
}


class Door:
    """The outermost layer; it touches nothing but addresses of the protocol.

    Args:
        app: all other layers.
        origins: of pages that may ask, such as ``http://localhost:3000``.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str] = ()) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket, as ASGI says."""
        if scope["type"] != "http" or not scope["path"].startswith(f"{PREFIX}/"):
            await self.app(scope, receive, send)
            return
        origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
        allowed = origin if origin in self.origins else None

        async def sending(message: Message) -> None:
            if allowed is not None and message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = allowed
                for name, value in _ALLOWED.items():
                    headers[name] = value
            await send(message)

        await self.app(_opened(scope), receive, sending)


def _opened(scope: Scope) -> Scope:
    """The scope with the key of its path, where it has one, as a bearer token."""
    found = _KEY.fullmatch(scope["path"])
    if found is None:
        return scope
    path = f"{PREFIX}/{(found[2] or '').lstrip('/')}"  # an address that ends in a slash is followed by another one
    raw = scope.get("raw_path", b"").replace(f"/{found[1]}".encode(), b"", 1)
    headers = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
    return {
        **scope,
        "path": path,
        "raw_path": raw,
        "headers": [*headers, (b"authorization", f"Bearer {found[1]}".encode())],
    }
