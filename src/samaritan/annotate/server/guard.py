"""Every check of a request or socket, in their order, before any route sees it."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from samaritan.annotate.server.hosts import check_host
from samaritan.annotate.server.limits import check_size
from samaritan.annotate.server.origins import check_origin
from samaritan.annotate.server.settings import ServerSettings
from samaritan.annotate.server.tokens import check_token


class Guard:
    """Size, host, origin, token: the first that fails raises a :class:`~samaritan.annotate.server.refusal.RefusedError`."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self.app = app
        self.settings = settings
        self.names = frozenset(name.lower().rstrip(".") for name in settings.names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket, as ASGI says."""
        if scope["type"] in {"http", "websocket"}:
            check_size(scope, self.settings.limits)
            check_host(scope, self.names, self.settings.remote)
            check_origin(scope, self.settings.keys, self.settings.origins)
            check_token(scope, self.settings.keys)
        await self.app(scope, receive, send)
