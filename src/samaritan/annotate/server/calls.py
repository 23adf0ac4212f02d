"""One route: what it takes, what it answers, and the thin function between; routes and OpenAPI are made of these."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from anyio import to_thread
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from samaritan.annotate.messages import Message
from samaritan.annotate.server.events import Hub
from samaritan.annotate.server.order import Order
from samaritan.annotate.server.page import Page
from samaritan.annotate.server.ports import EnginePort, LearnerPort, WorkspacePort
from samaritan.annotate.server.refusal import RefusedError, nothing_here
from samaritan.annotate.server.settings import ServerSettings

Body = TypeVar("Body")

#: Bodies up to so many bytes are parsed at once, larger ones in a thread.
_SMALL = 32 << 10

_CASE = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Parts:
    """What routes work with."""

    workspace: WorkspacePort
    engine: EnginePort
    learner: LearnerPort
    settings: ServerSettings
    hub: Hub
    order: Order
    page: Page


@dataclass(frozen=True)
class Call(Generic[Body]):
    """One request, parsed: ``case`` is "" and ``body`` None where the route has none."""

    parts: Parts
    case: str
    body: Body
    request: Request


@dataclass(frozen=True)
class Route:
    """A row of the table of routes.

    Attributes:
        method: of HTTP.
        path: with ``{case}`` where it is about one.
        handler: answers a :class:`Call` with an object of ``answer``, or with a response.
        summary: a sentence for the OpenAPI document.
        body: what is sent, as JSON.
        answer: what comes back as JSON, or the media type of something else.
        refusals: statuses of 400 and more that this route has beside those that every route has.
    """

    method: str
    path: str
    handler: Callable[[Call[Any]], Awaitable[Any]]
    summary: str
    body: type[Message] | None = None
    answer: Any = None
    refusals: tuple[int, ...] = ()

    def endpoint(self, parts: Parts) -> Callable[[Request], Awaitable[Response]]:
        """What Starlette calls."""

        async def answer(request: Request) -> Response:
            case = request.path_params.get("case", "")
            if "{case}" in self.path and not _CASE.fullmatch(case):
                raise nothing_here()
            body = await _parsed(request, self.body)
            result = await self.handler(Call(parts, case, body, request))
            if isinstance(result, Response):
                return result
            content = await to_thread.run_sync(_adapter(self.answer).dump_json, result)
            return Response(content, media_type="application/json")

        return answer


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


async def _parsed(request: Request, kind: type[Message] | None) -> Any:
    """The message in a request's body.

    Raises:
        RefusedError: 415 or 422.
    """
    if kind is None:
        return None
    check_json(request.headers.getlist("content-type"))
    content = await request.body()
    if len(content) <= _SMALL:
        return parse(kind, content)
    return await to_thread.run_sync(parse, kind, content)


def check_json(content_types: list[str]) -> None:
    """Refuse every content type but JSON's: the others can be sent by forms of foreign pages.

    Raises:
        RefusedError: 415.
    """
    kind, _, rest = (content_types[0] if len(content_types) == 1 else "").partition(";")
    if kind.strip().lower() != "application/json" or rest.strip().lower() not in {"", "charset=utf-8"}:
        raise RefusedError(415, "content-type", "The body must be sent as application/json.")


def parse(kind: type[Message], content: bytes) -> Message:
    """The message that ``content`` holds.

    Raises:
        RefusedError: 422, with the place of the first mistake and never what stood there.
    """
    try:
        return kind.model_validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part)[:40] for part in first["loc"][:8]) or "the body"
        raise RefusedError(422, "message", f"{json.dumps(place)}: {_first_line(first['msg'])}.") from None


def _first_line(text: str) -> str:
    return text.splitlines()[0].rstrip(".")[:200]
