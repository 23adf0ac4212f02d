from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator

import pytest

from samaritan.catalog.network import Answer, Client, host_of, step
from tests.catalog.server import Clock, raw, reply, serving


@pytest.fixture
def trickle() -> Iterator[str]:
    def letters() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            time.sleep(0.05)
            yield b"x"

    with raw(letters()) as address:
        yield address


def client(clock: Clock, **more: float) -> Client:
    return Client(clock=clock, sleep=clock.sleep, **more)


def test_it_says_who_it_is_and_reads_no_more_than_asked() -> None:
    with serving(lambda *_: reply(200, b"x" * 1000)) as server:
        answer = client(Clock()).ask(f"{server.address}/a", most=10)
    assert (answer.status, answer.body) == (200, b"x" * 10)
    assert server.asked[0][2].startswith("samaritan/")
    assert "check of links" in server.asked[0][2]


def test_a_host_is_left_alone_between_two_requests() -> None:
    clock = Clock()
    with serving(lambda *_: reply(200)) as server:
        asking = client(clock, pause=2.0)
        for _ in range(3):
            asking.ask(server.address, method="HEAD")
    assert clock.slept == [2.0, 2.0]


def test_a_busy_server_is_given_the_time_it_wants() -> None:
    clock = Clock()
    with serving(lambda _method, _path, before: reply(200) if before else reply(429, Retry_After="7")) as server:
        asking = client(clock, pause=2.0)
        assert asking.ask(server.address).retry_after == 7.0
        assert asking.ask(server.address).status == 200
    assert clock.slept == [7.0]


def test_redirects_are_answers() -> None:
    with serving(lambda *_: reply(301, Location="/elsewhere")) as server:
        answer = client(Clock()).ask(server.address)
    assert (answer.status, answer.headers["location"]) == (301, "/elsewhere")
    assert len(server.asked) == 1


def test_a_slow_server_and_none_at_all_are_told() -> None:
    with serving(lambda *_: reply(200, slow=0.6)) as server:
        answer = client(Clock(), timeout=0.1).ask(server.address)
    assert answer.status == 0
    assert "timed out" in answer.why or "no answer within" in answer.why
    assert "refused" in client(Clock(), timeout=0.5).ask(server.address).why


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x.org/a", "javascript:1"])
def test_only_addresses_of_the_web_are_asked(url: str) -> None:
    assert client(Clock()).ask(url) == Answer(url, 0, "it is no address of the web")


def test_a_date_is_seconds_from_now() -> None:
    later = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert Answer("u", 503, headers={"retry-after": later}).retry_after == pytest.approx(60, abs=3)
    assert Answer("u", 503, headers={"retry-after": "soon"}).retry_after is None


def test_the_host_has_its_port_and_no_name_of_a_person() -> None:
    assert host_of("https://Me@X.org:8080/a") == "x.org:8080"


def test_a_host_that_wants_a_day_is_not_waited_for() -> None:
    clock = Clock()
    with serving(lambda *_: reply(429, Retry_After="86400")) as server:
        asking = client(clock)
        assert asking.ask(f"{server.address}/a").status == 429
        answer = asking.ask(f"{server.address}/b")
    assert (answer.status, answer.why, clock.slept) == (429, "its server wants to be left alone for long", [])
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "wanted", ["\u00b2", "-5", "9" * 400, "Mon, 01 Jan 0001 00:00:00 GMT", "Mon, 01 Jan 99999999999 00:00:00 GMT"]
)
def test_a_time_that_is_none_is_no_time(wanted: str) -> None:
    assert not Answer("u", 429, headers={"retry-after": wanted}).retry_after


def test_a_server_that_sends_letter_after_letter_is_given_up(trickle: str) -> None:
    before = time.monotonic()
    answer = Client(pause=0, timeout=5, deadline=0.3).ask(trickle)
    assert (answer.status, answer.why) == (0, "no whole answer within 0.3 s")
    assert time.monotonic() - before < 3


@pytest.mark.parametrize(
    ("place", "to"),
    [
        ("/b c", "https://x.org/b%20c"),
        ("/b%20c", "https://x.org/b%20c"),
        ("/\x1b]0;a", "https://x.org/%1B]0;a"),
        ("/\u00c3\u00bc", "https://x.org/%C3%BC"),  # as http.client gives the bytes of UTF-8
        ("//192.0.2.1:1/", None),
        ("http://127.0.0.1/stop", None),
        ("http://localhost:631/", None),
        ("http://[::1]/", None),
        ("http://169.254.169.254/latest", None),
        ("http://10.0.0.1/", None),
        ("http://[::1", None),
        ("http://x.org:99999/", None),
        ("file:///etc/passwd", None),
        ("javascript:alert(1)", None),
        ("/" + "a" * 5000, None),
    ],
)
def test_where_a_redirect_may_lead(place: str, to: str | None) -> None:
    assert step("https://x.org/a", place) == to


def test_a_machine_may_lead_to_itself() -> None:
    assert step("http://127.0.0.1:8000/a", "/b") == "http://127.0.0.1:8000/b"
    assert step("http://127.0.0.1:8000/a", "http://127.0.0.1:8001/b") is None


def test_what_a_server_says_is_a_short_line() -> None:
    with raw([b"\x1b[31mred\r\n\r\n"]) as address:
        why = client(Clock(), timeout=1).ask(address).why
    assert why.isprintable()
    assert "red" in why
