"""A polite client: the only file of the catalogue that talks to servers.

It says who it is, waits between two requests to one host, takes a busy server's word for when to come back, and reads no more
than it needs.
"""

from __future__ import annotations

import email.utils
import http.client
import ipaddress
import queue
import re
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

#: Seconds between two requests to one host.
PAUSE = 2.0

#: Seconds without a byte after which a server counts as not answering.
TIMEOUT = 20.0

#: Seconds after which a request is given up, however many bytes still trickle in.
DEADLINE = 60.0

#: A server that asks for more seconds than this is left for another day.
PATIENCE = 120.0

#: Characters of an address that stay as they are; an escape stays one.
_ADDRESS = "%/:=&?~#+!$,;'@()*[]"

#: Letters of an address; longer ones, of which a redirect can make any, are of no use.
_LONGEST = 4000

_AGENT = "samaritan/{version} (check of links in a catalogue of papers; one request at a time)"


@dataclass(frozen=True)
class Answer:
    """What a server said.

    Attributes:
        url: that was asked.
        status: of HTTP; 0 where no answer came.
        why: no answer came.
        headers: names in small letters.
        body: as far as it was read.
    """

    url: str
    status: int
    why: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def retry_after(self) -> float | None:
        """Seconds after which a busy server wants to be asked again; None where it does not say."""
        return _seconds(self.headers.get("retry-after"))


class Client:
    """Asks one address after the other, each host at its own pace.

    Args:
        pause: seconds between two requests to one host.
        timeout: seconds without a byte.
        deadline: seconds for a whole request.
        clock, sleep: of the time; tests bring their own.
    """

    def __init__(
        self,
        *,
        pause: float = PAUSE,
        timeout: float = TIMEOUT,
        deadline: float = DEADLINE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.pause, self.timeout, self.deadline, self.clock, self._sleep = pause, timeout, deadline, clock, sleep
        self._free: dict[str, float] = {}
        self._opener = urllib.request.build_opener(_NoRedirects)

    def free_at(self, url: str) -> float:
        """When the host of ``url`` may be asked next."""
        return self._free.get(host_of(url), 0.0)

    def ask(self, url: str, *, method: str = "GET", most: int = 0) -> Answer:
        """One request, as soon as its host may be asked again; redirects are answers, not followed.

        A host that wants to be left alone for longer than :data:`PATIENCE` is not asked: the answer is 429.

        Args:
            url: http or https.
            method: ``HEAD`` or ``GET``.
            most: bytes of the body that are read.
        """
        if not _of_the_web(url):
            return Answer(url, 0, "it is no address of the web")
        if (wait := self.free_at(url) - self.clock()) > PATIENCE:
            return Answer(url, 429, "its server wants to be left alone for long")
        if wait > 0:
            self._sleep(wait)
        answer = self._in_time(url, method, most)
        busy = answer.retry_after if answer.status in (429, 503) else None
        self._free[host_of(url)] = self.clock() + max(self.pause, busy or 0.0)
        return answer

    def _in_time(self, url: str, method: str, most: int) -> Answer:
        """One request; its thread is left behind where a server sends byte after byte and never ends."""
        came: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        threading.Thread(target=lambda: came.put(self._send(url, method, most)), daemon=True).start()
        try:
            return came.get(timeout=self.deadline)
        except queue.Empty:
            return Answer(url, 0, f"no whole answer within {self.deadline:g} s")

    def _send(self, url: str, method: str, most: int) -> Answer:
        try:
            headers = {"User-Agent": _AGENT.format(version=version("samaritan")), "Accept": "*/*"}
            request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - checked
            with self._opener.open(request, timeout=self.timeout) as response:
                return _answer(url, response.status, response, most)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(url, error.code, error, most)
        except urllib.error.URLError as error:
            return Answer(url, 0, _told(error.reason) or "no connection")
        except TimeoutError:
            return Answer(url, 0, f"no answer within {self.timeout:g} s")
        except (OSError, ValueError, OverflowError, http.client.HTTPException) as error:
            return Answer(url, 0, _told(error) or type(error).__name__)


def host_of(url: str) -> str:
    """The host of an address, with its port; empty where it is no address."""
    return urllib.parse.urlsplit(url).netloc.lower().rpartition("@")[2] if _of_the_web(url) else ""


def step(at: str, place: str) -> str | None:
    """Where a redirect from ``at`` to ``place`` leads.

    None where it must not be followed: it is no address of the web, is endless, or leads from another host into this machine or
    its network, whose services a stranger must not reach through us.
    """
    try:
        to = urllib.parse.urljoin(at, urllib.parse.quote(place, safe=_ADDRESS, encoding="latin-1"))
    except ValueError:
        return None
    if not _of_the_web(to) or len(to) > _LONGEST or (host_of(to) != host_of(at) and _is_inside(to)):
        return None
    return to


def _of_the_web(url: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no such port, or half an IPv6 address
        return False


def _is_inside(url: str) -> bool:
    """Whether a host is this machine or in its network; a name that is not known here is asked in the usual way."""
    try:
        found = socket.getaddrinfo(urllib.parse.urlsplit(url).hostname, None)
        return not all(ipaddress.ip_address(str(one[4][0])).is_global for one in found)
    except (OSError, ValueError):
        return False


def _told(error: object) -> str:
    """A reason, which may hold what a server sent, as a short line."""
    return "".join(letter if letter.isprintable() else " " for letter in str(error))[:200]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Every step of a redirect is seen by who asked, who decides whether to take it."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


def _answer(url: str, status: int, response: Any, most: int) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(url, status, "", headers, response.read(most) if most else b"")


def _seconds(text: str | None) -> float | None:
    """Retry-After is a number of seconds or a date (RFC 9110, section 10.2.3)."""
    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,12}", text.strip()):
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
