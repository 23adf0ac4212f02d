"""The outermost layer that knows a request's number: it writes the log, and answers whatever was raised below."""

from __future__ import annotations

import logging
import secrets
import time

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samaritan.annotate.server.failures import Answered, answer_to
from samaritan.annotate.server.settings import ServerSettings

log = logging.getLogger("samaritan.annotate")


class Journal:
    """One line for every request: number, method, path without query, status, milliseconds. No bodies, no headers."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket, as ASGI says."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        entry = _Entry(scope, send)
        scope.setdefault("state", {})["request"] = entry.number
        try:
            await self.app(scope, receive, entry.sending)
        except ClientDisconnect:
            log.info("%s the client went away", entry.number)
        except Exception as error:  # the last line: everything becomes an answer
            answer = answer_to(error, entry.number, self.settings.roots)
            entry.note(error, answer.status)
            if entry.status is not None:  # its head is gone already: break off, so that nobody takes half for the whole
                raise
            await _respond(receive, entry, answer)
        finally:
            entry.write()


class _Entry:
    def __init__(self, scope: Scope, send: Send) -> None:
        self.number = secrets.token_hex(6)
        self.scope = scope
        self.send = send
        self.status: int | None = None
        self.started = time.perf_counter()

    async def sending(self, message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            self.status = message["status"]
            message.setdefault("headers", []).append((b"x-request-id", self.number.encode()))
        elif message["type"] == "websocket.accept":
            self.status = 101
        await self.send(message)

    def note(self, error: Exception, status: int) -> None:
        if status == 500:
            log.error("%s unexpected", self.number, exc_info=error)
        else:
            log.info("%s %s: %s", self.number, type(error).__name__, error)

    def write(self) -> None:
        milliseconds = 1000 * (time.perf_counter() - self.started)
        method = self.scope.get("method", "SOCKET")
        path = self.scope["path"].encode("unicode_escape").decode()[:200]  # no line breaks of a client's making
        log.info("%s %s %s %s %.1f ms", self.number, method, path, self.status, milliseconds)


async def _respond(receive: Receive, entry: _Entry, answer: Answered) -> None:
    scope = entry.scope
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await entry.send({"type": "websocket.close", "code": 1008})
        return
    # what is left of a body that nobody will read must not stay on the connection
    unread = any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
    closing = {"Connection": "close"} if unread and answer.status in _EARLY and scope["type"] == "http" else {}
    response = Response(
        answer.body.model_dump_json(), answer.status, {**answer.headers, **closing}, media_type="application/json"
    )
    await response(scope, receive, entry.sending)


#: Answers that may come before the body was read.
_EARLY = frozenset({400, 401, 403, 404, 405, 408, 413, 414, 415, 421, 431, 503})
