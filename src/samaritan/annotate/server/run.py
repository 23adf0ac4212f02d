"""The application on a port, until somebody ends it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import cast

import uvicorn
from starlette.applications import Starlette

from samaritan.annotate.messages import Event
from samaritan.annotate.server.connections import connections
from samaritan.annotate.server.events import Hub
from samaritan.annotate.server.settings import Limits

#: Seconds that requests under way get when the server ends.
_GRACE = 2

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Server(uvicorn.Server):
    """uvicorn with bounds; it ends with a word to every page, and leaves signals to :func:`serve`.

    Args:
        app: of :func:`~samaritan.annotate.server.app.create_app`.
        limits: of connections.
        ready: called once it listens.
    """

    def __init__(self, app: Starlette, limits: Limits, ready: Callable[[], None]) -> None:
        super().__init__(_config(app, limits))
        self.hub: Hub = app.state.parts.hub
        self.ready = ready

    async def until_told(self, listener: socket.socket) -> None:
        """Serve until ``should_exit``; uvicorn's own ``serve`` would raise the signal again at the end."""
        await self._serve([listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say goodbye, let requests end, close the application."""
        self.hub.publish(Event(event="goodbye"))
        await asyncio.sleep(0.05)  # for the sockets to say it
        await super().shutdown(sockets)


def serve(app: Starlette, listener: socket.socket, ready: Callable[[], None], limits: Limits) -> int:
    """Serve until a signal ends it; requests under way are finished, then engine and workspace are closed.

    Args:
        app: of :func:`~samaritan.annotate.server.app.create_app`.
        listener: bound socket.
        ready: called once it listens.
        limits: of connections.

    Returns:
        Exit code: 130 after Ctrl-C as everywhere, 0 after any other signal.
    """
    return asyncio.run(_serve(app, listener, ready, limits))


async def _serve(app: Starlette, listener: socket.socket, ready: Callable[[], None], limits: Limits) -> int:
    server = Server(app, limits, ready)
    got: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        server.force_exit = bool(got) and number == signal.SIGINT
        server.should_exit = True
        got.append(number)

    loop = asyncio.get_running_loop()
    heard = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # nohup ignores SIGHUP
    for number in heard:
        loop.add_signal_handler(number, end, number)
    try:
        await server.until_told(listener)
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
        listener.close()
    return 130 if got and got[0] == signal.SIGINT else 0


def _config(app: Starlette, limits: Limits) -> uvicorn.Config:
    http, websocket = connections(limits)
    return uvicorn.Config(
        app,
        http=http,
        ws=websocket,
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=256,
        timeout_keep_alive=limits.idle_seconds,
        timeout_graceful_shutdown=_GRACE,
        h11_max_incomplete_event_size=limits.header_bytes,
        ws_max_size=limits.frame,
        ws_per_message_deflate=False,
    )


class LogFile(RotatingFileHandler):
    """Readable by its owner alone, also when it begins anew; what a full disk does not take is lost without a word."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Nothing: a trace for every request would fill the terminal, and name files in it."""

    def _open(self) -> TextIOWrapper:
        return cast(TextIOWrapper, open(self.baseFilename, self.mode, encoding=self.encoding, opener=_own))


def _own(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def log_to(path: Path) -> None:
    """Write the server's log to a file that is readable by its owner alone: 2 MB, and the 2 MB before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = LogFile(path, maxBytes=2_000_000, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name, level in (("samaritan.annotate", logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False
