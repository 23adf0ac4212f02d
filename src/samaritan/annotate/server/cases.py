"""Routes about one case: look at it, edit it, ask the model, take it home."""

from __future__ import annotations

import asyncio
import zlib
from typing import assert_never

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from samaritan.annotate.engine.errors import SupersededError
from samaritan.annotate.engine.requests import SliceAnswer, SliceQuestion, VolumeAnswer, VolumeQuestion
from samaritan.annotate.messages import (
    Ask,
    CaseDetail,
    CaseSummary,
    Edited,
    EditRequest,
    Event,
    ExportRequest,
    Focus,
    Previewed,
    PreviewRequest,
    Propagate,
)
from samaritan.annotate.server.calls import Call, Parts
from samaritan.annotate.server.files import send_file
from samaritan.annotate.server.ports import DocumentPort
from samaritan.annotate.workspace import UnknownCaseError
from samaritan.core import SamaritanError

_GZIP = 16 + zlib.MAX_WBITS


async def cases(call: Call[None]) -> list[CaseSummary]:
    """All cases, in the order in which they should be looked at."""
    return await to_thread.run_sync(call.parts.workspace.summaries)


async def detail(call: Call[None]) -> CaseDetail:
    """Everything about a case but its arrays."""
    try:
        document = await _document(call.parts, call.case)
    except UnknownCaseError:
        raise
    except SamaritanError:  # every page's list shows why it cannot be opened
        await announce(call.parts, call.case)
        raise
    return await to_thread.run_sync(document.detail)


async def image(call: Call[None]) -> Response:
    """The image on the shown grid."""
    document = await _document(call.parts, call.case)
    path = await to_thread.run_sync(document.image_file)
    return await send_file(call.request, path)


async def labels(call: Call[None]) -> Response:
    """The label array, with the revision that it is of."""
    document = await _document(call.parts, call.case)
    zipped = "gzip" in call.request.headers.get("accept-encoding", "")
    revision, content = await to_thread.run_sync(_labels, document, zipped)
    headers = {"X-Revision": str(revision), "Vary": "Accept-Encoding"} | (
        {"Content-Encoding": "gzip"} if zipped else {}
    )
    return Response(content, headers=headers, media_type="application/octet-stream")


async def edits(call: Call[EditRequest]) -> Edited:
    """Do an edit; where it is a question, the model is asked first. The answer comes when the edit is on disk."""
    parts, request = call.parts, call.body
    document = await _document(parts, call.case)
    question = await to_thread.run_sync(_question, document, request)
    answer = None if question is None else await _while_wanted(call, question)
    async with parts.order.of(call.case):
        edited = await to_thread.run_sync(document.commit, request, answer)
        await announce(parts, call.case)
    return edited


async def preview(call: Call[PreviewRequest]) -> Previewed:
    """What the model would say; nothing is kept."""
    document = await _document(call.parts, call.case)
    question = await to_thread.run_sync(document.preview_question, call.body)
    try:
        answer = await call.parts.engine.ask(question)
    except SupersededError:
        return Previewed(patch=None)
    patch = await to_thread.run_sync(document.previewed, question, answer)
    return Previewed(patch=patch, quality=answer.qualities[0] if answer.qualities else None)


async def focus(call: Call[Focus]) -> Response:
    """Where somebody looks, so that the model looks there too."""
    document = await _document(call.parts, call.case)
    call.parts.engine.attend(await to_thread.run_sync(document.attention, call.body))
    return Response(status_code=204)


async def export(call: Call[ExportRequest]) -> Response:
    """The masks as a file."""
    document = await _document(call.parts, call.case)
    path = await to_thread.run_sync(document.export, call.body.format)
    return await send_file(call.request, path, name=path.name)


async def announce(parts: Parts, case: str) -> None:
    """Tell every page what a case is like now."""
    summary = await to_thread.run_sync(parts.workspace.summary, case)
    parts.hub.publish(Event(event="case", case=case, summary=summary))


async def _document(parts: Parts, case: str) -> DocumentPort:
    return await to_thread.run_sync(parts.workspace.document, case)


async def _while_wanted(
    call: Call[EditRequest], question: SliceQuestion | VolumeQuestion
) -> SliceAnswer | VolumeAnswer:
    """The answer, unless who asked goes away first: that is how a page stops what takes long.

    This question alone is dropped; a later one of the same lane may be on its way already.
    """
    asking = asyncio.ensure_future(_answer(call.parts, call.case, question))
    gone = asyncio.ensure_future(_gone(call.request))
    try:
        await asyncio.wait({asking, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            raise SupersededError("Who asked went away before there was an answer.")
        return await asking
    finally:
        gone.cancel()
        asking.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _answer(parts: Parts, case: str, question: SliceQuestion | VolumeQuestion) -> SliceAnswer | VolumeAnswer:
    match question:
        case SliceQuestion():
            return await parts.engine.ask(question)
        case VolumeQuestion():

            def progress(done: int, total: int) -> None:
                parts.hub.publish(Event(event="progress", case=case, done=done, total=total))

            return await parts.engine.propagate(question, progress)
        case _:
            assert_never(question)


def _question(document: DocumentPort, request: EditRequest) -> SliceQuestion | VolumeQuestion | None:
    """What to ask the model; an edit of another revision is refused, or answered again, without asking."""
    if isinstance(request.edit, Ask | Propagate) and request.revision == document.revision:
        return document.question(request.edit)
    return None


def _labels(document: DocumentPort, zipped: bool) -> tuple[int, bytes]:
    """Revision and array of the same moment."""
    revision, content = -1, b""
    while revision != document.revision:
        revision = document.revision
        content = document.label_bytes()
    if not zipped:
        return revision, content
    packer = zlib.compressobj(1, wbits=_GZIP)
    return revision, packer.compress(content) + packer.flush()
