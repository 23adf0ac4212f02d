"""What the server is told once: where it listens, who may talk to it, and how much it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from samaritan.annotate.server.tokens import Keys

#: The built page; it is absent in a checkout where nobody ran ``make page``.
PAGE = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Limits:
    """Bounds on what a client may send or keep open; beyond them it is refused, never served slowly.

    Attributes:
        body: bytes of a request's body.
        upload: bytes of a form of a MONAI Label client, which holds images and masks.
        unasked: bytes of a body where no key is asked for, since it is there that clients bring theirs.
        headers: number of header lines.
        header_bytes: of all header lines.
        target: bytes of path and query.
        head_seconds: until all headers of a request are there.
        body_seconds: until its body is there.
        upload_seconds: until a body with an image or mask is there.
        idle_seconds: between two requests on one connection.
        stuck_seconds: that a client may take nothing of what it is sent.
        requests: under way at once.
        connections: open at once, sockets included.
        sockets: event sockets open at once.
        frame: bytes of a message from a socket.
        frames_per_second: from one socket.
        events: that may wait for one socket.
        queue: questions that wait for the model; the engine keeps it, the page is told.
    """

    body: int = 8 << 20
    upload: int = 1 << 30
    unasked: int = 4 << 10
    headers: int = 64
    header_bytes: int = 32 << 10
    target: int = 8 << 10
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    upload_seconds: float = 300.0
    idle_seconds: int = 20
    stuck_seconds: float = 30.0
    requests: int = 256
    connections: int = 512
    sockets: int = 128
    frame: int = 4 << 10
    frames_per_second: int = 20
    events: int = 256
    queue: int = 32


@dataclass(frozen=True)
class ServerSettings:
    """Where the server listens, and for whom.

    Attributes:
        host: address it is bound to.
        remote: whether other machines may talk to it (with the token, as everybody).
        names: host names besides localhost and the loopback addresses under which it may be asked for.
        folder: name of the folder of images, as the page shows it.
        output: name of the folder of results, as the page shows it.
        roots: paths that are taken out of sentences.
        page: folder of the built page.
        monailabel: whether the MONAI Label protocol is spoken too.
        origins: of pages that may speak it, such as ``http://localhost:3000`` of OHIF.
        keys: what opens it.
        limits: see :class:`Limits`.
    """

    host: str = "127.0.0.1"
    remote: bool = False
    names: tuple[str, ...] = ()
    folder: str = ""
    output: str = ""
    roots: tuple[Path, ...] = ()
    page: Path = PAGE
    monailabel: bool = False
    origins: tuple[str, ...] = ()
    keys: Keys = field(default_factory=Keys)
    limits: Limits = field(default_factory=Limits)
