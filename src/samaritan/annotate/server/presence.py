"""``server.json`` in the folder of results: where a running server is, for scripts and for the next start."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from samaritan.core.atomic import atomic_path

#: Relative to the folder of results.
FILE = Path(".samaritan") / "server.json"

#: Seconds that a running server may take to answer.
_PATIENCE = 5.0


@dataclass(frozen=True)
class Presence:
    """A server that runs, or ran: its address without token, the token for scripts, and its process."""

    url: str
    token: str
    pid: int


@contextmanager
def announced(output: Path, presence: Presence) -> Iterator[None]:
    """Keep ``server.json``, readable by its owner alone, while the server runs.

    Raises:
        ResourceError: it cannot be written.
    """
    path = output / FILE
    with atomic_path(path) as temporary:
        temporary.chmod(0o600)
        temporary.write_text(json.dumps(asdict(presence)), encoding="utf-8")
    try:
        yield
    finally:
        if read_presence(output) == presence:
            path.unlink(missing_ok=True)


def read_presence(output: Path) -> Presence | None:
    """What ``server.json`` says; None where there is none or it is no such file."""
    try:
        found = json.loads((output / FILE).read_text(encoding="utf-8"))
        return Presence(str(found["url"]), str(found["token"]), int(found["pid"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def running(output: Path) -> Presence | None:
    """The server that works on ``output`` now; what a killed one left behind is none, also where its number is another's."""
    presence = read_presence(output)
    if presence is None or not _lives(presence.pid) or _ask(presence, "GET", "/api/health") is None:
        return None
    return presence


def new_link(presence: Presence) -> str | None:
    """A link that opens the page of a running server once."""
    answer = _ask(presence, "POST", "/api/launch")
    return str(answer["url"]) if answer else None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # somebody else's
    return True


def _ask(presence: Presence, method: str, path: str) -> dict[str, object] | None:
    with suppress(OSError, ValueError, http.client.HTTPException):
        address = urlsplit(presence.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_PATIENCE)
        with closing(connection):
            connection.request(method, path, headers={"Authorization": f"Bearer {presence.token}"})
            response = connection.getresponse()
            content = json.loads(response.read(1 << 16))
            if response.status == 200 and isinstance(content, dict):
                return content
    return None
