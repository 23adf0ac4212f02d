from __future__ import annotations

import json
from pathlib import Path

import pytest

from samaritan.catalog.links import HOSTS, addresses, check_links
from samaritan.catalog.network import Answer, Client
from samaritan.catalog.record import Paper
from samaritan.core.errors import InputError, ResourceError
from tests.catalog.server import Clock, Reply, reply, serving

REPLIES = {
    "/good": reply(200, b"fine"),
    "/new": reply(200, b"fine"),
    "/gone": reply(404),
    "/moved": reply(301, Location="/new"),
    "/moved-away": reply(308, Location="/gone"),
    "/login": reply(302, Location="/good"),
    "/loop": reply(301, Location="/loop"),
    "/publisher": reply(403),
    "/always-busy": reply(429, Retry_After="3"),
    "/tomorrow": reply(429, Retry_After="86400"),
    "/slow": reply(200, slow=0.5),
}


def answers(method: str, path: str, before: int) -> Reply:
    if path == "/no-head":
        return reply(405) if method == "HEAD" else reply(200)
    if path == "/busy":
        return reply(200) if before else reply(429, Retry_After="3")
    return REPLIES.get(path, reply(500))


def check(
    *paths: str, state: Path | None = None, days: int = 30
) -> tuple[dict[str, tuple[str, int]], list[str], Clock]:
    """path -> (state, status); the paths that were asked; the clock."""
    clock = Clock()
    with serving(answers) as server:
        urls = [server.address + path for path in paths]
        asking = Client(pause=1.0, timeout=0.2, clock=clock, sleep=clock.sleep)
        links = check_links(urls, asking, state, days=days)
        assert [link.url for link in links] == urls
        moved = {link.url: link.to for link in links if link.to}
        assert moved in ({}, {f"{server.address}/moved": f"{server.address}/new"})
        return (
            {path: (link.state, link.status) for path, link in zip(paths, links, strict=True)},
            [one[1] for one in server.asked],
            clock,
        )


@pytest.mark.parametrize(
    ("path", "state", "status"),
    [
        ("/good", "ok", 200),
        ("/gone", "dead", 404),
        ("/moved", "moved", 200),
        ("/moved-away", "dead", 404),
        ("/login", "ok", 200),
        ("/loop", "unreachable", 0),
        ("/publisher", "refused", 403),
        ("/no-head", "ok", 200),
        ("/busy", "ok", 200),
        ("/always-busy", "busy", 429),
        ("/tomorrow", "busy", 429),
        ("/slow", "unreachable", 0),
        ("/broken", "unreachable", 500),
    ],
)
def test_what_each_answer_means(path: str, state: str, status: int) -> None:
    assert check(path)[0] == {path: (state, status)}


def test_head_comes_first_and_get_only_where_it_is_refused() -> None:
    with serving(answers) as server:
        check_links([f"{server.address}{path}" for path in ("/good", "/no-head")], Client(pause=0))
    assert (server.paths("HEAD"), server.paths("GET")) == (["/good", "/no-head"], ["/no-head"])


def test_a_busy_host_is_asked_again_when_it_wants_and_only_so_often() -> None:
    _, asked, clock = check("/always-busy")
    assert asked == ["/always-busy"] * 3
    assert clock.slept == [3.0, 3.0]
    assert check("/tomorrow")[1] == ["/tomorrow"]


def test_two_hosts_are_asked_in_turn() -> None:
    clock = Clock()
    with serving(answers) as one, serving(answers) as other:
        urls = [f"{one.address}/good", f"{one.address}/new", f"{other.address}/good", f"{other.address}/new"]
        check_links(urls, Client(pause=2.0, clock=clock, sleep=clock.sleep))
    assert clock.slept == [2.0]  # both wait at the same time


def test_a_stopped_run_goes_on_and_what_said_nothing_lasting_is_asked_again(tmp_path: Path) -> None:
    state = tmp_path / "links.jsonl"
    with serving(answers) as server:
        urls = [server.address + path for path in ("/good", "/gone", "/slow")]
        first = check_links(urls, Client(pause=0, timeout=0.2), state)
        with state.open("a", encoding="utf-8") as file:
            file.write('{"url": "http://torn')  # killed in the middle of a line
        del server.asked[:]
        second = check_links([*urls, f"{server.address}/new"], Client(pause=0, timeout=0.2), state)
        assert [path for _, path, _ in server.asked] == ["/slow", "/new"]
        assert second[:2] == first[:2]
        del server.asked[:]
        check_links(urls[:1], Client(pause=0), state, days=0)
        assert [path for _, path, _ in server.asked] == ["/good"]
    lines = [json.loads(line) for line in state.read_text(encoding="utf-8").splitlines()]
    assert [line["state"] for line in lines] == ["ok", "dead", "unreachable", "unreachable", "ok", "ok"]


def test_without_a_network_it_stops_early() -> None:
    urls = [f"http://127.0.0.1:{port}/" for port in range(1, 20)]
    asked: list[str] = []

    class Counting(Client):
        def ask(self, url: str, *, method: str = "GET", most: int = 0) -> Answer:
            asked.append(url)
            return Answer(url, 0, "Name or service not known")

    with pytest.raises(ResourceError, match=r"None of 5 hosts could be reached \(Name or service not known\)"):
        check_links(urls, Counting(pause=0))
    assert asked == urls[:HOSTS]


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "links.jsonl"
    state.write_text("no\nstate\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 1 of .*is no answer about a link"):
        check_links(["http://127.0.0.1:9/"], Client(pause=0), state)


def test_an_address_of_two_papers_is_asked_once(papers: list[Paper]) -> None:
    code = "https://github.com/someone/something"
    assert addresses(papers) == {code: ["wu2024ultrasound", "ma2025medsam2"]}


def test_all_links_of_a_host_that_wants_a_day_are_left_for_another_one() -> None:
    states, asked, clock = check("/tomorrow", "/good", "/gone")
    assert states == {"/tomorrow": ("busy", 429), "/good": ("busy", 429), "/gone": ("busy", 429)}
    assert (asked, clock.slept) == (["/tomorrow"], [])


def test_no_redirect_reaches_into_this_machine() -> None:
    with (
        serving(lambda *_: reply(200)) as inside,
        serving(lambda *_: reply(301, Location=f"{inside.address}/stop")) as stranger,
    ):
        (link,) = check_links([f"{stranger.address}/a"], Client(pause=0))
    assert (link.state, link.to, link.why) == ("unreachable", None, "it leads to no address that a link may have")
    assert inside.asked == []


@pytest.mark.parametrize(
    "line",
    [
        '{"url": "u", "state": "ok", "status": 200, "when": "2024-01-01"}',
        '{"url": ["u"], "state": "ok", "status": 200, "when": "2024-01-01T00:00:00+00:00"}',
        '{"url": "u", "state": "[red]", "status": 200, "when": "2024-01-01T00:00:00+00:00"}',
        "[" * 50_000,
        "null",
    ],
)
def test_a_line_that_is_no_answer_is_told(tmp_path: Path, line: str) -> None:
    (tmp_path / "links.jsonl").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 1 of .* is no answer about a link"):
        check_links([], Client(), tmp_path / "links.jsonl")
