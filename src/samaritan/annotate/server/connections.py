"""Connections that do not wait for ever: uvicorn's own protocols, with a time for what a client sends and takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from h11 import Request
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from samaritan.annotate.server.settings import Limits


class _Timer:
    """Calls something once unless it is stopped before."""

    def __init__(self, seconds: float, then: Callable[[], None]) -> None:
        self._seconds, self._then = seconds, then
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to count, unless that was begun."""
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(self._seconds, self._then)

    def stop(self) -> None:
        """Forget it."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class HttpConnection(H11Protocol):
    """HTTP/1.1; closed where a request's head does not arrive, answers are not taken, or too many are open."""

    limits: ClassVar[Limits] = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first request's head, or close at once where too many are open."""
        self._head = _Timer(self.limits.head_seconds, transport.abort)
        self._stuck = _Timer(self.limits.stuck_seconds, transport.abort)
        self._began = asyncio.get_running_loop().time()
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections and not self._make_room():
            transport.abort()
            return
        self._head.start()

    def _make_room(self) -> bool:
        """Close the oldest connection on which no request is under way, so that who only connects keeps nobody out."""
        idle = [
            one
            for one in self.connections
            if isinstance(one, HttpConnection) and one is not self and one.is_idle and not one.transport.is_closing()
        ]
        if idle:
            min(idle, key=lambda one: one._began).transport.abort()
        return bool(idle)

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered here."""
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """The time for a head runs from its first byte to its last."""
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            return  # it is a socket now
        if self.is_idle and not self.transport.is_closing():
            self._head.start()
        else:
            self._head.stop()

    def handle_websocket_upgrade(self, event: Request) -> None:
        """From here on the socket's own times count."""
        self._head.stop()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all times."""
        self._head.stop()
        self._stuck.stop()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Enough waits to be taken: the client has a while to take some."""
        super().pause_writing()
        self._stuck.start()

    def resume_writing(self) -> None:
        """It did."""
        super().resume_writing()
        self._stuck.stop()


class SocketConnection(WebSocketsSansIOProtocol):
    """A websocket; closed where what it is sent is not taken."""

    limits: ClassVar[Limits] = Limits()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Prepare the time for what is not taken."""
        abort = transport.abort if isinstance(transport, asyncio.Transport) else transport.close
        self._stuck = _Timer(self.limits.stuck_seconds, abort)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop it."""
        self._stuck.stop()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Enough waits to be taken: the client has a while to take some."""
        super().pause_writing()
        self._stuck.start()

    def resume_writing(self) -> None:
        """It did."""
        super().resume_writing()
        self._stuck.stop()


def connections(limits: Limits) -> tuple[type[HttpConnection], type[SocketConnection]]:
    """Both kinds with ``limits``; uvicorn makes them itself and hands nothing through."""
    namespace = {"limits": limits}
    return type("HttpConnection", (HttpConnection,), namespace), type(
        "SocketConnection", (SocketConnection,), namespace
    )
