from __future__ import annotations

import email.utils
import time

import pytest

from samaritan.catalog.network import Answer, Client, host_of
from tests.catalog.server import Clock, reply, serving


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
