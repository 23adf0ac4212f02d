"""Routes about the whole session: labels, the data set, learning, the server itself."""

from __future__ import annotations

from anyio import to_thread
from starlette.responses import Response

from samaritan import __version__
from samaritan.annotate.messages import (
    MOST_OBJECTS,
    Event,
    ExportedSet,
    Health,
    Label,
    Launch,
    LearnRequest,
    LearnState,
    NewLabel,
    RenamedLabel,
    Session,
)
from samaritan.annotate.server.calls import Call, Parts
from samaritan.annotate.server.hosts import host_of
from samaritan.annotate.server.ports import LearnerPort, WorkspacePort


async def health(call: Call[None]) -> Health:
    """That the server lives, and how its model is."""
    return Health(version=__version__, model=call.parts.engine.state.state)


async def session(call: Call[None]) -> Session:
    """Everything but the cases."""
    parts = call.parts
    return Session(
        version=__version__,
        folder=parts.settings.folder,
        output=parts.settings.output,
        labels=await to_thread.run_sync(_labels, parts.workspace),
        model=parts.engine.state,
        learn=await to_thread.run_sync(_state, parts.learner),
        limits={
            "body": parts.settings.limits.body,
            "queue": parts.settings.limits.queue,
            "objects": MOST_OBJECTS,
        },
    )


async def add_label(call: Call[NewLabel]) -> list[Label]:
    """A new label, or another colour of one; answers all of them."""
    await to_thread.run_sync(call.parts.workspace.add_label, call.body)
    return await _told(call.parts)


async def rename_label(call: Call[RenamedLabel]) -> list[Label]:
    """Another name of a label; answers all of them."""
    await to_thread.run_sync(call.parts.workspace.rename_label, call.body.name, call.body.to)
    return await _told(call.parts)


async def _told(parts: Parts) -> list[Label]:
    """All labels, which every page is told."""
    labels = await to_thread.run_sync(_labels, parts.workspace)
    parts.hub.publish(Event(event="labels", labels=labels))
    return list(labels)


async def dataset(call: Call[None]) -> ExportedSet:
    """Accepted cases as a data set on disk."""
    return await to_thread.run_sync(call.parts.workspace.export_dataset)


async def learning(call: Call[None]) -> LearnState:
    """How far learning is."""
    return await to_thread.run_sync(_state, call.parts.learner)


async def learn(call: Call[LearnRequest]) -> LearnState:
    """Start, stop, keep or discard."""
    await call.parts.learner.act(call.body)
    return await to_thread.run_sync(_state, call.parts.learner)


async def launch(call: Call[None]) -> Launch:
    """A new link that opens the page once; for scripts, since a page is open already."""
    host = host_of(call.request.scope)
    name = f"[{host.name}]" if ":" in host.name else host.name
    return Launch(url=f"http://{name}:{host.port}/?token={call.parts.settings.keys.link()}")


def _labels(workspace: WorkspacePort) -> tuple[Label, ...]:
    return tuple(workspace.labels)


def _state(learner: LearnerPort) -> LearnState:
    """In a thread, since the cases are counted for it."""
    return learner.state


async def openapi(call: Call[None]) -> Response:
    """This document."""
    return Response(call.request.app.state.openapi, media_type="application/json")
