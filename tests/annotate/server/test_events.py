"""The socket of events: row S07 of docs/reliability.md, on a real port."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from samaritan.annotate.messages import Event, LearnState, ModelState

from .conftest import Live

ASK = {"kind": "propagate", "object": 1, "plane": "axial"}


@contextmanager
def listening(live: Live, **headers: str) -> Iterator[ClientConnection]:
    with connect(
        f"ws://127.0.0.1:{live.port}/api/events",
        additional_headers=live.stand.bearer | headers,
        proxy=None,
        compression=None,
        max_size=None,
    ) as peer:
        yield peer


def next_event(peer: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(peer.recv(10))
    return found


def closed(peer: ClientConnection) -> int | None:
    """The code with which the server closes."""
    try:
        while True:
            peer.recv(10)
    except ConnectionClosed as end:
        return end.rcvd.code if end.rcvd else None


#: Where more is on its way to a socket that was closed, the system may drop the code with the connection.
LOST = None


def none_left(server: Live) -> None:
    """The server has let go of every socket."""
    for _ in range(6000):
        if not server.stand.hub.sockets:
            return
        time.sleep(0.01)
    pytest.fail("A socket is still served after 60 s.")


def test_a_new_socket_is_told_how_things_are(live: Callable[..., Live]) -> None:
    with listening(live()) as peer:
        assert next_event(peer)["model"]["state"] == "ready"
        assert next_event(peer)["learn"]["state"] == "idle"


def test_a_socket_stays_open_longer_than_a_head_may_take(live: Callable[..., Live]) -> None:
    server = live(head_seconds=0.2)
    with listening(server) as peer:
        next_event(peer), next_event(peer)
        time.sleep(0.5)
        server.stand.hub.publish(Event(event="learn", learn=LearnState(accepted=1)))
        told = next_event(peer)
    assert told["learn"]["accepted"] == 1
    assert told["learn"]["before"] is None, "messages arrive whole"


def test_what_happens_is_told_to_every_page_in_its_order(live: Callable[..., Live]) -> None:
    server = live()
    with listening(server) as one, listening(server) as other:
        for peer in (one, other):
            next_event(peer), next_event(peer)
        for number in range(5):
            content = json.dumps({"revision": number, "request": f"request-{number}", "edit": ASK}).encode()
            server.get(
                "/api/cases/beef/edits",
                "Content-Type: application/json",
                f"Content-Length: {len(content)}",
                method="POST",
                body=content,
            )
        for peer in (one, other):
            events = [next_event(peer) for _ in range(10)]
            assert [event["event"] for event in events] == ["progress", "case"] * 5
            assert [event["summary"]["revision"] for event in events[1::2]] == [1, 2, 3, 4, 5]
            assert (events[0]["done"], events[0]["total"], events[0]["case"]) == (1, 3, "beef")


def test_engine_and_learner_may_tell_from_any_thread(live: Callable[..., Live]) -> None:
    server = live()
    with listening(server) as peer:
        next_event(peer), next_event(peer)
        teller = threading.Thread(
            target=lambda: server.stand.hub.model(ModelState(name="fake", adapter=None, state="restarting"))
        )
        teller.start()
        teller.join(10)
        assert next_event(peer)["model"]["state"] == "restarting"
        server.stand.hub.learn(LearnState(state="training", step=3))
        assert next_event(peer)["learn"]["step"] == 3


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer x", "Origin": "http://127.0.0.1:{port}"}, 401),
        ({"Cookie": "samaritan-1=x", "Authorization": "", "Origin": "http://127.0.0.1:{port}"}, 401),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_strangers_get_no_socket(live: Callable[..., Live], headers: dict[str, str], status: int) -> None:
    server = live()
    filled = {name: value.format(port=server.port) for name, value in headers.items()}
    with pytest.raises(InvalidStatus) as refused, listening(server, **filled):
        pass
    assert refused.value.response.status_code == status
    assert refused.value.response.headers["X-Content-Type-Options"] == "nosniff"


def test_there_are_no_other_sockets(live: Callable[..., Live]) -> None:
    server = live()
    for path in ("/", "/api/cases", "/nothing"):
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(f"ws://127.0.0.1:{server.port}{path}", additional_headers=server.stand.bearer, proxy=None),
        ):
            pass
        assert refused.value.response.status_code == 403


def test_a_large_message_closes_the_socket(live: Callable[..., Live]) -> None:
    with listening(live()) as peer:
        peer.send("x" * 5000)
        assert closed(peer) == 1009


def test_a_frame_that_says_it_is_huge_closes_the_socket_before_it_came(live: Callable[..., Live]) -> None:
    server = live()
    with listening(server) as peer:
        peer.socket.sendall(b"\x81\xff" + (10**8).to_bytes(8, "big") + b"mask" + b"x" * 1000)
        assert closed(peer) == 1009


def test_many_pieces_of_a_message_count_together(live: Callable[..., Live]) -> None:
    server = live()
    with listening(server) as peer:
        with suppress(ConnectionClosed):
            peer.send("x" * 100 for _ in range(1000))
        assert closed(peer) in {1009, LOST}
        none_left(server)


def test_many_messages_close_the_socket(live: Callable[..., Live]) -> None:
    server = live()
    with listening(server) as peer:
        code = None
        try:
            for _ in range(10_000):
                peer.send("x")
        except ConnectionClosed as end:
            code = end.rcvd.code if end.rcvd else None
        assert (code or closed(peer)) in {1008, LOST}
        none_left(server)


def test_bytes_are_not_taken(live: Callable[..., Live]) -> None:
    with listening(live()) as peer:
        peer.send(b"x")
        assert closed(peer) == 1003


def test_a_few_words_are_borne(live: Callable[..., Live]) -> None:
    server = live()
    with listening(server) as peer:
        for _ in range(5):
            peer.send("ping")
        next_event(peer), next_event(peer)
        server.stand.hub.publish(Event(event="labels", labels=()))
        assert next_event(peer)["event"] == "labels"


def test_only_so_many_sockets(live: Callable[..., Live]) -> None:
    server = live(sockets=3)
    with ExitStack() as stack:
        for _ in range(3):
            next_event(stack.enter_context(listening(server)))
        with listening(server) as one_more:
            assert closed(one_more) == 1013
    while server.stand.hub.sockets:
        time.sleep(0.01)
    with listening(server) as later:
        assert next_event(later)["event"] == "model"


def test_who_reads_too_slowly_is_sent_away_and_nobody_waits(live: Callable[..., Live]) -> None:
    """Neither memory nor other pages suffer: events beyond the bound are not kept."""
    server = live(events=16, stuck_seconds=0.5)
    request = (
        f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Authorization: Bearer {server.stand.settings.keys.script}\r\n\r\n"
    )
    with socket.socket() as slow, listening(server) as quick:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(request.encode())
        next_event(quick), next_event(quick)
        while server.stand.hub.sockets < 2:
            time.sleep(0.01)
        news = Event(event="learn", learn=LearnState(sentence="x" * 100_000))
        for _ in range(200):
            server.stand.hub.publish(news)
            assert next_event(quick)["event"] == "learn"
        while server.stand.hub.sockets > 1:
            time.sleep(0.01)
        server.stand.hub.publish(Event(event="labels", labels=()))
        assert next_event(quick)["event"] == "labels"


def test_the_server_says_goodbye(live: Callable[..., Live]) -> None:
    server = live()
    with listening(server) as peer:
        next_event(peer), next_event(peer)
        server.server.should_exit = True
        assert next_event(peer)["event"] == "goodbye"
        assert closed(peer) in {1001, 1012}


def test_storms_of_new_sockets_leave_nothing_behind(live: Callable[..., Live]) -> None:
    server = live()
    for _ in range(5):
        with ExitStack() as stack:
            for _ in range(10):
                stack.enter_context(listening(server))
    while server.stand.hub.sockets:
        time.sleep(0.01)
    assert server.get("/api/health").startswith(b"HTTP/1.1 200")
