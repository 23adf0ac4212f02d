"""The web server: routes, sockets, and who may talk to it. The only room that knows Starlette."""

from __future__ import annotations

from samaritan.annotate.server.app import create_app
from samaritan.annotate.server.events import Hub
from samaritan.annotate.server.settings import Limits, ServerSettings
from samaritan.annotate.server.tokens import Keys

__all__ = ["Hub", "Keys", "Limits", "ServerSettings", "create_app"]
