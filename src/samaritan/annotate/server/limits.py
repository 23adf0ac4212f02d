"""How large a request may be, how long it may take, and how many there may be at once."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samaritan.annotate.server.refusal import RefusedError
from samaritan.annotate.server.settings import Limits
from samaritan.annotate.server.tokens import in_protocol, is_unasked


def check_size(scope: Scope, limits: Limits) -> None:
    """Refuse what is too long before anything of it is used.

    Raises:
        RefusedError: 414, 431, 413 or 400.
    """
    if len(scope["raw_path"]) + len(scope["query_string"]) > limits.target:
        raise RefusedError(414, "too-large", "The address is too long.")
    headers = scope["headers"]
    if len(headers) > limits.headers or sum(len(name) + len(value) for name, value in headers) > limits.header_bytes:
        raise RefusedError(431, "too-large", "There are too many headers, or they are too long.")
    lengths = [value for name, value in headers if name == b"content-length"]
    if lengths and not lengths[0].isdigit():
        raise RefusedError(400, "message", "The length of the body is no number.")
    if lengths and int(lengths[0][:20]) > most(scope, limits):
        raise too_large(most(scope, limits))


def most(scope: Scope, limits: Limits) -> int:
    """Bytes that the body of this request may have: little where everybody may ask, much only in a form, which goes to disk."""
    if is_unasked(scope):
        return limits.unasked
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    in_form = in_protocol(scope) and any(kind.lower().startswith(b"multipart/form-data") for kind in kinds)
    return limits.upload if in_form else limits.body


def too_large(allowed: int) -> RefusedError:
    """413, with what is allowed."""
    most = f"{allowed >> 20} MiB" if allowed >> 20 else f"{allowed >> 10} KiB"
    return RefusedError(413, "too-large", f"The body is larger than {most}, which is the most that is taken.")


class Bounded:
    """Counts the bytes of a body as they come, gives it a time to arrive, and bounds requests that are under way."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits
        self.under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket, as ASGI says."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.under_way >= self.limits.requests:
            raise RefusedError(503, "overload", "Too many requests are under way; try again.", {"Retry-After": "1"})
        self.under_way += 1
        try:
            await self.app(scope, _Body(scope, receive, self.limits), send)
        finally:
            self.under_way -= 1


class _Body:
    """``receive`` of a request whose body is bounded in bytes and, until it is complete, in seconds."""

    def __init__(self, scope: Scope, receive: Receive, limits: Limits) -> None:
        self.receive = receive
        self.most = most(scope, limits)
        self.seconds = limits.upload_seconds if in_protocol(scope) else limits.body_seconds
        self.bytes = 0
        self.complete = False
        self.deadline = asyncio.get_running_loop().time() + self.seconds

    async def __call__(self) -> Message:
        if self.complete:  # whoever waits now waits for the client to go away
            return await self.receive()
        try:
            async with asyncio.timeout_at(self.deadline):
                message = await self.receive()
        except TimeoutError:
            raise RefusedError(408, "timeout", f"The body did not arrive within {self.seconds:g} s.") from None
        self.bytes += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self.bytes > self.most:
            raise too_large(self.most)
        return message
