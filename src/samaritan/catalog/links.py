"""Whether the links of the catalogue still lead somewhere."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from samaritan.catalog.network import PATIENCE, Answer, Client, host_of, step
from samaritan.catalog.record import Paper
from samaritan.core.atomic import write_text
from samaritan.core.errors import InputError, ResourceError
from samaritan.core.text import read_text

State = Literal["ok", "moved", "dead", "refused", "busy", "unreachable"]

#: States that say nothing lasting: such a link is asked again by the next run.
_FLEETING = ("busy", "unreachable")

#: So many redirects in a row are followed.
_HOPS = 8

#: Where so many hosts in a row give no answer before any does, it is the network.
HOSTS = 5

#: How often a server that says when to come back is asked again.
_RETRIES = 2

#: Answers to HEAD that some servers give although GET works.
_NO_HEAD = (400, 403, 404, 405, 406, 410, 500, 501, 503)


@dataclass(frozen=True)
class Link:
    """One address and what came of asking it.

    Attributes:
        url: as the catalogue has it.
        state: ``ok``; ``moved`` for good (``to`` has where); ``dead`` (404 or 410); ``refused`` to programs (401, 403 and the
            like, as publishers do); ``busy`` (429, 503); ``unreachable``.
        status: last answer of HTTP, 0 for none.
        to: where a moved one went.
        why: no answer came.
        when: time of the check, ISO 8601, UTC.
    """

    url: str
    state: State
    status: int
    to: str | None = None
    why: str = ""
    when: str = ""


_LINK = TypeAdapter(Link)


def addresses(papers: Iterable[Paper]) -> dict[str, list[str]]:
    """Every address of papers and code -> keys of the papers that have it."""
    found: dict[str, list[str]] = {}
    for paper in papers:
        for address in (paper.url, paper.code, *paper.also):
            if address is not None:
                found.setdefault(str(address), []).append(paper.key)
    return found


def check_links(
    urls: Iterable[str],
    client: Client,
    state: Path | None = None,
    *,
    days: int = 30,
    tell: Callable[[Link], None] = lambda _link: None,
) -> list[Link]:
    """Ask every address, HEAD first and GET where that is refused, hosts in turn.

    Args:
        urls: what is asked.
        client: keeps the pace.
        state: file with one line of JSON for each link, written as answers come: a run that was stopped goes on from there.
        days: what was answered in so many days is not asked again.
        tell: is told every new answer.

    Returns:
        One answer for each address, in the order of ``urls``.

    Raises:
        InputError: the state file is none.
        ResourceError: it cannot be written, or there is no network: no one of the first :data:`HOSTS` hosts answers.
    """
    wanted = list(dict.fromkeys(urls))
    known = {url: link for url, link in _read_state(state).items() if _fresh(link, days)}
    silent: set[str] | None = set()  # hosts that gave no answer, until one gives some
    for link in _asked((url for url in wanted if url not in known), client):
        if silent is not None:
            silent = _still_silent(silent, link)
        known[link.url] = link
        _append(state, link)
        tell(link)
    return [known[url] for url in wanted]


def _still_silent(silent: set[str], link: Link) -> set[str] | None:
    if link.status:
        return None
    hosts = silent | {host_of(link.url)}
    if len(hosts) >= HOSTS:
        raise ResourceError(f"None of {len(hosts)} hosts could be reached ({link.why}); check the network.")
    return hosts


def _asked(urls: Iterable[str], client: Client) -> Iterator[Link]:
    """Answers as they come: the next is always of the host that may be asked the soonest."""
    queues: dict[str, deque[tuple[str, int]]] = {}
    for url in urls:
        queues.setdefault(host_of(url), deque()).append((url, 0))
    while queues:
        host = min(queues, key=lambda name: client.free_at(queues[name][0][0]))
        url, tries = queues[host].popleft()
        answer, moved = _follow(url, client)
        if tries < _RETRIES and 0 < (answer.retry_after or 0) <= PATIENCE and answer.status in (429, 503):
            queues[host].append((url, tries + 1))
        else:
            yield _judged(url, answer, moved)
        if not queues[host]:
            del queues[host]


def _follow(url: str, client: Client) -> tuple[Answer, str | None]:
    """The last answer, and where the permanent part of the way leads."""
    moved, forever, at = None, True, url
    for _ in range(_HOPS):
        answer = client.ask(at, method="HEAD")
        if answer.status in _NO_HEAD and answer.retry_after is None:
            answer = client.ask(at, method="GET")
        place = answer.headers.get("location")
        if answer.status not in (301, 302, 303, 307, 308) or not place:
            return answer, moved
        to = step(at, place)
        if to is None:
            return Answer(at, 0, "it leads to no address that a link may have"), moved
        at = to
        forever = forever and answer.status in (301, 308)
        moved = at if forever else moved
    return Answer(at, 0, f"more than {_HOPS} redirects"), moved


def _judged(url: str, answer: Answer, moved: str | None) -> Link:
    state: State
    if answer.status in (404, 410):
        state = "dead"
    elif answer.status in (429, 503):
        state = "busy"
    elif answer.status == 0 or answer.status >= 500:
        state = "unreachable"
    elif answer.status >= 400:
        state = "refused"
    else:
        state = "moved" if moved is not None and not _same(url, moved) else "ok"
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Link(url, state, answer.status, moved if state == "moved" else None, answer.why, when)


def _same(url: str, other: str) -> bool:
    """Whether two addresses differ only in what nobody corrects: https, www, a slash at the end."""
    one, two = (address.partition("://")[2].removeprefix("www.").rstrip("/").lower() for address in (url, other))
    return one == two


def _fresh(link: Link, days: int) -> bool:
    if link.state in _FLEETING:
        return False
    return _age(link) < timedelta(days=days)


def _age(link: Link) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(link.when)


def _read_state(path: Path | None) -> dict[str, Link]:
    if path is None or not path.exists():
        return {}
    text = read_text(path)
    whole = text[: text.rfind("\n") + 1]
    if whole != text:  # a kill in the middle of a line
        write_text(path.resolve(), whole)
    links = {}
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            link = _LINK.validate_json(line)
            _age(link)
        except (ValueError, TypeError) as error:  # TypeError: a time without its zone
            raise InputError(
                f"Line {number} of {path} is no answer about a link; name another file, or remove it."
            ) from error
        links[link.url] = link
    return links


def _append(path: Path | None, link: Link) -> None:
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(link)) + "\n")
    except OSError as error:
        raise ResourceError(f"Could not write {path}: {error.strerror or error}.") from error
