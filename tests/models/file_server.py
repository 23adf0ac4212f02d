"""A file server on this machine that can misbehave in the ways of real ones."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What is served, how, and what was asked.

    Attributes:
        content: of every path.
        etag: of the content; None sends none.
        ranges: whether a part can be asked for.
        cuts: after so many bytes the connection is cut, request by request; None lets it through.
        length: what Content-Length says; None says the truth.
        status: answers in place of the content, request by request; 0 gives the content.
        headers: sent with every answer.
        body: of error answers.
        redirect: where every path leads.
        asked: path and headers of every request.
        delay: is waited for before the content is sent.
    """

    content: bytes = b""
    etag: str | None = '"one"'
    ranges: bool = True
    cuts: list[int | None] = field(default_factory=list)
    length: int | None = None
    status: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    redirect: str | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    delay: threading.Event | None = None
    url: str = ""

    def range_of(self, number: int) -> str | None:
        """The header Range of a request."""
        return self.asked[number][1].get("Range")


@contextmanager
def serving(files: FileServer) -> Iterator[FileServer]:
    """Serve on a free port of the loopback until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"files": files}))
    files.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    files: FileServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        files = self.files
        files.asked.append((self.path, dict(self.headers.items())))
        status = files.status.pop(0) if files.status else 0
        if files.redirect is not None:
            self._answer(302, b"", {"Location": files.redirect})
        elif status:
            self._answer(status, b"no", {})
        else:
            self._send_content()
        self.close_connection = True

    def _send_content(self) -> None:
        files = self.files
        start = self._start()
        if start is not None and start >= len(files.content):
            self._answer(416, b"", {"Content-Range": f"bytes */{len(files.content)}"})
            return
        body = files.content[start or 0 :]
        headers = {} if files.etag is None else {"ETag": files.etag}
        if start is not None:
            headers["Content-Range"] = f"bytes {start}-{len(files.content) - 1}/{len(files.content)}"
        cut = files.cuts.pop(0) if files.cuts else None
        if files.delay is not None:
            files.delay.wait(10)
        self._answer(200 if start is None else 206, body, headers | files.headers, cut, files.length)

    def _start(self) -> int | None:
        """Where the answer begins, or None for the whole file."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        unchanged = self.headers.get("If-Range") in (None, self.files.etag)
        return int(asked[1]) if asked and self.files.ranges and unchanged else None

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str], cut: int | None = None, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        self.wfile.flush()
        if cut is not None:
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_args: object) -> None:
        """Nothing is written."""
