"""The application: the table of routes behind the guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as WebRoute
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from samaritan.annotate.messages import Event
from samaritan.annotate.server.calls import Parts
from samaritan.annotate.server.events import Hub, serve_socket
from samaritan.annotate.server.guard import Guard
from samaritan.annotate.server.headers import SecureHeaders
from samaritan.annotate.server.journal import Journal
from samaritan.annotate.server.limits import Bounded
from samaritan.annotate.server.monailabel import Desk, routes
from samaritan.annotate.server.monailabel.door import Door
from samaritan.annotate.server.openapi import openapi_text
from samaritan.annotate.server.order import Order
from samaritan.annotate.server.page import Page
from samaritan.annotate.server.ports import EnginePort, LearnerPort, WorkspacePort
from samaritan.annotate.server.refusal import RefusedError, nothing_here
from samaritan.annotate.server.settings import ServerSettings
from samaritan.annotate.server.table import ROUTES

Endpoint = Callable[[Request], Awaitable[Response]]

#: Seconds that the model process and the journals get to end when the server does.
_ENDING = 2.0


def create_app(
    workspace: WorkspacePort,
    engine: EnginePort,
    learner: LearnerPort,
    settings: ServerSettings,
    hub: Hub | None = None,
) -> Starlette:
    """The annotator's server as an ASGI application; it starts the engine, and ends engine and workspace with itself.

    Args:
        workspace: the cases.
        engine: the model process, not started.
        learner: learning while labelling.
        settings: who may talk to it, and how much.
        hub: where engine and learner tell what they do.
    """
    parts = Parts(workspace, engine, learner, settings, hub or Hub(), Order(), Page(settings.page))
    desk = Desk(parts)
    protocol = [routes(desk)] if settings.monailabel else []
    app = Starlette(
        routes=[*_api(parts), WebSocketRoute("/api/events", _events(parts)), *protocol, *_pages(parts)],
        middleware=[
            Middleware(Door, origins=settings.origins if settings.monailabel else ()),
            Middleware(SecureHeaders),
            Middleware(Journal, settings=settings),
            Middleware(Guard, settings=settings),
            Middleware(Bounded, limits=settings.limits),
        ],
        exception_handlers={HTTPException: _http_error},
        lifespan=_lifespan(parts, desk),
    )
    app.router.redirect_slashes = False  # it would build an address from the Host header
    app.state.parts = parts
    app.state.openapi = openapi_text()
    return app


def _api(parts: Parts) -> list[WebRoute]:
    """One for each address, so that a refused method is told all that are allowed there."""
    table: dict[str, dict[str, Endpoint]] = {}
    for route in ROUTES:
        table.setdefault(route.path, {})[route.method] = route.endpoint(parts)
    return [WebRoute(path, _by_method(methods), methods=list(methods)) for path, methods in table.items()]


def _by_method(methods: dict[str, Endpoint]) -> Endpoint:
    async def answer(request: Request) -> Response:
        return await methods["GET" if request.method == "HEAD" else request.method](request)

    return answer


def _pages(parts: Parts) -> list[WebRoute]:
    async def index(request: Request) -> Response:
        return parts.page.index(request, parts.settings.keys)

    async def file(request: Request) -> Response:
        return parts.page.file(request.scope["path"].removeprefix("/"))

    top = [name for name in parts.page.files if "/" not in name]
    return [
        WebRoute("/", index, methods=["GET"]),
        WebRoute("/assets/{name:path}", file, methods=["GET"]),
        *(WebRoute(f"/{name}", file, methods=["GET"]) for name in top if "{" not in name),
    ]


def _events(parts: Parts) -> Callable[[WebSocket], Awaitable[None]]:
    def first() -> tuple[Event, ...]:
        return Event(event="model", model=parts.engine.state), Event(event="learn", learn=parts.learner.state)

    async def events(socket: WebSocket) -> None:
        await serve_socket(socket, parts.hub, parts.settings.limits, first)

    return events


def _lifespan(parts: Parts, desk: Desk) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        parts.hub.bind(asyncio.get_running_loop())
        starting = asyncio.ensure_future(parts.engine.start())  # the page is served meanwhile
        try:
            yield
        finally:
            parts.hub.bind(None)  # nobody listens any more
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(_ENDING):
                    await parts.engine.stop()
            await to_thread.run_sync(parts.workspace.close)
            await desk.close()

    return lifespan


async def _http_error(_: Request, error: Exception) -> Response:
    """What Starlette itself refuses: no such route, or not with this method."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        raise RefusedError(405, "method", "This address is not asked for in this way.", error.headers)
    raise nothing_here()
