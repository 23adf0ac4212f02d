"""What the server says by itself: model, learning, progress, and cases that another page changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from samaritan.annotate.messages import CaseSummary, Event, LearnState, ModelState
from samaritan.annotate.server.settings import Limits

#: Codes of RFC 6455 and its register.
_GOING_AWAY, _NOT_THIS_KIND, _POLICY, _TRY_LATER = 1001, 1003, 1008, 1013


class Hub:
    """Hands events to every open socket; any thread may publish, and nobody waits for a slow reader."""

    def __init__(self) -> None:
        self._readers: set[Reader] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[Callable[[Event], None]] = []

    @property
    def sockets(self) -> int:
        """How many are open."""
        return len(self._readers)

    def bind(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Say which loop the sockets live on; with None, when that ends, events are dropped."""
        self._loop = loop

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have ``listener`` called with every event, on the loop's thread."""
        self._listeners.append(listener)

    def publish(self, event: Event) -> None:
        """Hand an event to every socket; before the loop is bound there is none."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                self._loop.call_soon_threadsafe(self._hand_out, event)

    def model(self, state: ModelState) -> None:
        """Tell the state of the model process."""
        self.publish(Event(event="model", model=state))

    def learn(self, state: LearnState) -> None:
        """Tell how far learning is."""
        self.publish(Event(event="learn", learn=state))

    def case(self, summary: CaseSummary) -> None:
        """Tell what a case is like now."""
        self.publish(Event(event="case", case=summary.case, summary=summary))

    @contextmanager
    def reader(self, limits: Limits) -> Iterator[Reader]:
        """A place in the hub for one socket."""
        reader = Reader(limits.events)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    def _hand_out(self, event: Event) -> None:
        text = event.model_dump_json()
        for reader in self._readers:
            reader.put(text)
        for listener in self._listeners:
            listener(event)


class Reader:
    """Events that wait for one socket; one that does not keep up is told to go and come back.

    Args:
        most: events that may wait.
    """

    def __init__(self, most: int) -> None:
        self._queue: asyncio.Queue[str] = asyncio.Queue(most)
        self.behind = False

    def put(self, text: str) -> None:
        """Add an event, or give the reader up where too many wait."""
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.behind = True

    async def get(self) -> str:
        """The next event."""
        return await self._queue.get()


async def serve_socket(socket: WebSocket, hub: Hub, limits: Limits, first: Callable[[], tuple[Event, ...]]) -> None:
    """Serve one page's socket until either side ends it.

    Args:
        socket: not yet accepted.
        hub: where events come from.
        limits: of sockets.
        first: makes what a new socket is told at once.
    """
    await socket.accept()
    if hub.sockets >= limits.sockets:
        await socket.close(_TRY_LATER, "too many pages are open")
        return
    with hub.reader(limits) as reader:
        for event in first():
            reader.put(event.model_dump_json())
        tasks = {asyncio.ensure_future(_send(socket, reader)), asyncio.ensure_future(_receive(socket, limits))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            code, reason = next(iter(done)).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    if code is not None:
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(limits.stuck_seconds):
                await socket.close(code, reason)


Ending = tuple[int | None, str]


async def _send(socket: WebSocket, reader: Reader) -> Ending:
    while True:
        text = await reader.get()
        if reader.behind:
            return _TRY_LATER, "too slow; connect again"
        try:
            await socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError):
            return None, ""
        if '"event":"goodbye"' in text:
            return _GOING_AWAY, "the server ends"


async def _receive(socket: WebSocket, limits: Limits) -> Ending:
    """The page has nothing to say here; a little is borne, so that it may ping."""
    loop = asyncio.get_running_loop()
    second, count = loop.time(), 0
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return None, ""
        if message.get("bytes") is not None:
            return _NOT_THIS_KIND, "only text"
        if loop.time() - second >= 1:
            second, count = loop.time(), 0
        count += 1
        if count > limits.frames_per_second:
            return _POLICY, "too many messages"
