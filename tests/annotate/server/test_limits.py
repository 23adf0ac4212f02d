"""Sizes, times and numbers of requests: rows S10 and S14 of docs/reliability.md, on a real port."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Live, heard


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def body(answer: bytes) -> dict[str, str]:
    found: dict[str, str] = json.loads(answer.split(b"\r\n\r\n", 1)[1])
    return found


@pytest.fixture
def server(live: Callable[..., Live]) -> Live:
    return live(body=1 << 20, head_seconds=0.3, body_seconds=0.3, idle_seconds=1, connections=220)


JSON = "Content-Type: application/json"


def test_a_body_over_the_limit_is_refused_by_its_length(server: Live) -> None:
    answer = server.get("/api/labels", JSON, f"Content-Length: {10**12}", method="POST")
    assert (status(answer), body(answer)["error"]) == (413, "too-large")
    assert b"connection: close" in answer.lower()


def test_a_body_without_a_length_is_counted_as_it_comes(server: Live) -> None:
    chunks = b"".join(b"10000\r\n" + b" " * 0x10000 + b"\r\n" for _ in range(40))
    answer = server.get("/api/labels", JSON, "Transfer-Encoding: chunked", method="POST", body=chunks)
    assert status(answer) == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "1, 2", "99999999999999999999999999", "x"])
def test_lengths_that_are_none(server: Live, length: str) -> None:
    assert status(server.get("/api/labels", JSON, f"Content-Length: {length}", method="POST")) in {400, 413}


def test_a_body_that_trickles_is_given_up(server: Live) -> None:
    answer = server.get("/api/labels", JSON, "Content-Length: 100", method="POST", body=b'{"na')
    assert (status(answer), body(answer)["error"]) == (408, "timeout")


def test_a_head_that_trickles_is_given_up(server: Live) -> None:
    with server.connect() as slow, server.connect() as silent, server.connect() as second:
        slow.sendall(b"GET /api/health HTTP/1.1\r\nHost: ")
        second.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
        second.recv(1)  # it was answered once; the next head begins and does not end
        second.sendall(b"G")
        assert status(server.get("/api/health")) == 200
        assert [heard(peer) for peer in (slow, silent)] == [b"", b""]
        assert heard(second).count(b"TTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n\r\n", {0, 400, 414}),
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n\r\n", {414}),
        (b"GET / HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n" + b"A: b\r\n" * 1000 + b"\r\n", {431}),
        (b"GET / HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\nA: " + b"b" * 1_000_000 + b"\r\n\r\n", {0, 400, 431}),
        (b"GET / HTTP/1.1\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\nHost: localhost\r\n\r\n", {400, 421}),
        (b"GET / HTTP/1.0\r\n\r\n", {421}),
        (b"GET http://evil.example/ HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n\r\n", {401, 404}),
        (b"GET /\x00 HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n\r\n", {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00", {400}),
        (b"GET / HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\nHost : evil\r\n\r\n", {400}),
    ],
)  # fmt: skip
def test_heads_that_are_too_long_or_none(server: Live, head: bytes, expected: set[int]) -> None:
    try:
        answer = server.say(head)
    except (BrokenPipeError, ConnectionResetError):
        answer = b""
    assert status(answer) in expected
    assert status(server.get("/api/health")) == 200


def test_paths_are_taken_as_they_are_sent(server: Live, page: Path) -> None:
    for path in (
        "/../index.html",
        "/assets/../index.html",
        "/./index.html",
        "//index.html",
        "/assets/../../static/index.html",
    ):
        answer = server.get(path)
        assert (status(answer), body(answer)["error"]) == (404, "not-found")
    assert status(server.get("/index.html")) == 200


def test_idle_connections_keep_nobody_out_and_are_closed(server: Live) -> None:
    peers = [server.connect() for _ in range(200)]
    try:
        for peer in peers:
            peer.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert status(server.get("/api/health")) == 200
        assert all(heard(peer).startswith(b"HTTP/1.1 401") for peer in peers)
    finally:
        for peer in peers:
            peer.close()
    assert len(server.server.server_state.connections) <= 1


def test_who_only_connects_makes_room_for_who_asks(live: Callable[..., Live]) -> None:
    server = live(connections=3)
    peers = [server.connect() for _ in range(3)]
    try:
        time.sleep(0.05)
        assert status(server.get("/api/health")) == 200
        assert heard(peers[0]) == b"", "the oldest"
        peers[1].sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert status(heard(peers[1])) == 401
    finally:
        for peer in peers:
            peer.close()


def test_more_requests_than_allowed_connections_are_closed_at_once(live: Callable[..., Live]) -> None:
    server = live(connections=3)
    peers = [server.connect() for _ in range(3)]
    try:
        head = ["POST /api/labels HTTP/1.1", "Host: localhost", JSON, "Content-Length: 9", ""]
        head[4:4] = [f"{name}: {value}" for name, value in server.stand.bearer.items()]
        for peer in peers:
            peer.sendall("\r\n".join([*head, ""]).encode())
        time.sleep(0.2)
        with server.connect() as one_more:
            assert heard(one_more) == b""
    finally:
        for peer in peers:
            peer.close()


def test_requests_that_come_at_once_are_answered_in_their_order(server: Live) -> None:
    lines = [f"Host: localhost:{server.port}", *(f"{name}: {value}" for name, value in server.stand.bearer.items())]
    one = "\r\n".join(["GET {} HTTP/1.1", *lines, "", ""])
    paths = ["/api/health", "/nothing", "/api/cases", "/api/learn"] * 5
    last = one.replace("{}", "/api/health").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    answers = server.say(("".join(one.replace("{}", path) for path in paths) + last).encode())
    found = [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]]
    assert found == [b"200", b"404", b"200", b"200"] * 5 + [b"200"]


def test_who_goes_away_takes_the_question_along(live: Callable[..., Live]) -> None:
    server = live()
    engine, release = server.stand.engine, threading.Event()
    engine.hold = lambda: release.wait(10)
    content = b'{"revision": 0, "request": "request-1", "edit": {"kind": "propagate", "object": 1, "plane": "axial"}}'
    head = [
        "POST /api/cases/beef/edits HTTP/1.1",
        f"Host: localhost:{server.port}",
        JSON,
        f"Content-Length: {len(content)}",
    ]
    head += [f"{name}: {value}" for name, value in server.stand.bearer.items()]
    with server.connect() as peer:
        peer.sendall("\r\n".join([*head, "", ""]).encode() + content)
        while not engine.asked:
            time.sleep(0.01)
    while not engine.cancelled:
        time.sleep(0.01)
    release.set()
    assert engine.cancelled == ["beef/1"]
    time.sleep(0.05)
    assert server.stand.workspace.documents["beef"].revision == 0


def test_only_so_many_requests_are_under_way(live: Callable[..., Live]) -> None:
    server = live(requests=2)
    release = threading.Event()
    server.stand.engine.hold = lambda: release.wait(10)
    edit = b'{"revision": 0, "request": "request-%d", "edit": {"kind": "ask", "object": 1, "plane": "axial", "prompts": {}}}'
    answers: list[int] = []

    def ask(number: int) -> None:
        content = edit % number
        case = ("beef", "c0ffee")[number]
        answer = server.get(
            f"/api/cases/{case}/edits", JSON, f"Content-Length: {len(content)}", method="POST", body=content
        )
        answers.append(status(answer))

    waiting = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in waiting:
        thread.start()
    while len(server.stand.engine.asked) < 2:
        time.sleep(0.01)
    refused = server.get("/api/health")
    assert (status(refused), body(refused)["error"]) == (503, "overload")
    release.set()
    for thread in waiting:
        thread.join(10)
    assert answers == [200, 200]
    assert status(server.get("/api/health")) == 200


def test_a_client_that_takes_nothing_is_dropped(live: Callable[..., Live], tmp_path: Path) -> None:
    server = live(stuck_seconds=0.3)
    path = server.stand.workspace.documents["beef"].path
    with path.open("wb") as file:
        file.truncate(64 << 20)
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect(("127.0.0.1", server.port))
        lines = ["GET /api/cases/beef/image HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in server.stand.bearer.items()]
        peer.sendall("\r\n".join([*lines, "", ""]).encode())
        state = server.server.server_state
        _until(lambda: bool(state.connections))
        _until(lambda: not state.connections)
    _until(lambda: str(path) not in {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()})


def _until(true: Callable[[], bool]) -> None:
    for _ in range(6000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("It did not happen within 60 s.")
