"""One file over https, with resume.

What came so far lies in a part file beside a note of the address, the server's validator and the length (RFC 9110, sections 8.8
and 14.2). A part is continued only where the server says that the file is still the same.
"""

from __future__ import annotations

import http.client
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

from samaritan.core import ModelError, ResourceError
from samaritan.models._part import Note, discard, length, read_note, write_note

#: Seconds without a byte after which a connection counts as broken.
TIMEOUT = 30

#: So many breaks in a row without a new byte end the attempt.
TRIES = 5

#: Seconds before the second try, doubled with every further one.
PAUSE = 1.0

#: Bytes that must stay free on the disk beside the file.
SPARE = 64 << 20

_BLOCK = 1 << 18

#: How web pages begin, also those that are sent as something else.
_PAGES = (b"<!doctype", b"<html")

#: ``progress(bytes there, bytes in all or None)``.
Progress = Callable[[int, int | None], None]


class RefusedError(Exception):
    """The server does not hand the file out; ``status`` is its answer, ``address`` the last one after redirects."""

    def __init__(self, status: int, address: str) -> None:
        super().__init__(f"{status} {address}")
        self.status = status
        self.address = address


class _BrokenError(Exception):
    """The connection broke or the server is busy: worth another try."""


class _ChangedError(Exception):
    """The part belongs to another file than the one that the server has now."""


@dataclass(frozen=True)
class _Wanted:
    """The arguments of :func:`fetch`."""

    url: str
    part: Path
    size: int | None
    proven: bool
    token: str | None
    progress: Progress


def fetch(
    url: str,
    part: Path,
    *,
    size: int | None = None,
    proven: bool = False,
    token: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Fetch ``url`` into the file ``part``, continuing what is there of it; the note beside it stays for the caller to remove.

    Args:
        url: address.
        part: where the bytes go; stays when something is in the way, so that a later call continues it.
        size: in bytes, where known; anything else is refused before it is fetched.
        proven: the caller compares a checksum afterwards, so that a part may be continued without a validator.
        token: sent to the address itself, never to where it redirects.
        progress: is told how much is there.

    Raises:
        RefusedError: the server answers with an error (401, 403, 404, ...).
        ModelError: no network, a web page in place of the file, another size, or a connection that keeps breaking.
        ResourceError: the disk is full or cannot be written.
    """
    if not url.startswith(("https://", "http://")):
        raise ModelError(f"{url} is no address of the web; correct SAMARITAN_MIRROR or HF_ENDPOINT.")
    wanted = _Wanted(url, part, size, proven, token, progress or _silent)
    if read_note(part, url, size) is None:
        discard(part)
    tries = 0
    while True:
        before = length(part)
        try:
            _attempt(wanted)
        except _BrokenError as error:
            tries = 1 if length(part) > before else tries + 1
            if tries >= TRIES:
                kept = length(part)
                more = f"; {kept / 1e6:.1f} MB are kept, run the command again to continue" if kept else ""
                raise ModelError(f"{url} could not be fetched ({error}) in {TRIES} tries{more}.") from error
            time.sleep(min(PAUSE * 2 ** (tries - 1), TIMEOUT))
        except OSError as error:
            raise ResourceError(
                f"Could not write {part}: {error.strerror or error}; what came is kept, make room and run the command again."
            ) from error
        else:
            return


def _attempt(wanted: _Wanted) -> None:
    url, part, size = wanted.url, wanted.part, wanted.size
    note = read_note(part, url, size)
    have = length(part) if note and (note.validator or wanted.proven) else 0
    if note and have and have == note.total:
        return  # only the last step was missing
    with _open(_request(url, note, have, wanted.token)) as response:
        _refuse_page(response)
        try:
            start, total = _extent(response, note, have)
        except _ChangedError as error:
            discard(part)
            raise _BrokenError("the file on the server has changed meanwhile") from error
        if size is not None and total not in (None, size):
            discard(part)
            raise ModelError(f"{url} has {total} bytes, published are {size}; it is not the published file.")
        if start == 0:
            discard(part)
            validator = _validator(response.headers)
            write_note(part, Note(url, validator, total))
        _refuse_full_disk(part, (total or size or 0) - start)
        _copy(response, part, start, total or size, wanted.progress)
    there = length(part)
    if there < (total or size or 0):
        raise _BrokenError(f"the connection ended after {there} of {total or size} bytes")
    if size is not None and there != size:
        discard(part)
        raise ModelError(f"{url} gave {there} bytes, published are {size}; it is not the published file.")


def _copy(response: Any, part: Path, start: int, total: int | None, progress: Progress) -> None:
    with part.open("r+b" if start else "wb") as out:
        out.seek(start)
        out.truncate()
        progress(start, total)
        while block := _read(response):
            if out.tell() == 0 and block.lstrip()[:9].lower().startswith(_PAGES):
                raise _page(response)
            out.write(block)
            progress(out.tell(), total)
            if total is not None and out.tell() > total:
                return


def _read(response: IO[bytes]) -> bytes:
    try:
        return response.read(_BLOCK)
    except http.client.IncompleteRead as error:
        raise _BrokenError("the connection ended too early") from error
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(str(error) or type(error).__name__) from error


def _request(url: str, note: Note | None, have: int, token: str | None) -> urllib.request.Request:
    request = urllib.request.Request(url)  # noqa: S310 the caller allows https, or what a person named as a mirror
    request.add_header("User-Agent", f"samaritan/{_version()}")
    request.add_header("Accept-Encoding", "identity")
    if have:
        request.add_header("Range", f"bytes={have}-")
        if note and note.validator:
            request.add_header("If-Range", note.validator)
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    return request


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to something that anybody on the way can change."""

    def redirect_request(  # noqa: PLR0917 the library's
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise ModelError(f"{req.full_url} redirects to {_plain(newurl)}, which is not https; it is not followed.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(request: urllib.request.Request) -> Any:
    opener = urllib.request.build_opener(_SafeRedirects)
    try:
        return opener.open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416:  # the part is longer than the file, so it is of another one
                return _open(_request(request.full_url, None, 0, _token(request)))
            if error.code in (408, 425, 429) or error.code >= 500:
                raise _BrokenError(f"the server answers {error.code}") from error
            raise RefusedError(error.code, _plain(error.geturl() or request.full_url)) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise ModelError(
                f"The certificate of {request.host} cannot be trusted ({error.reason.verify_message}); check the clock of this "
                "machine and its certificates."
            ) from error
        raise _BrokenError(f"no connection to {request.host}: {error.reason}; check the network") from error
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(str(error) or type(error).__name__) from error


def _token(request: urllib.request.Request) -> str | None:
    header = request.unredirected_hdrs.get("Authorization")
    return header.removeprefix("Bearer ") if header else None


def _extent(response: Any, note: Note | None, have: int) -> tuple[int, int | None]:
    """Where the answer begins, and the length of the whole file."""
    headers = response.headers
    if headers.get("Content-Encoding", "identity") != "identity":
        raise ModelError(
            f"{_plain(response.url)} sends the file compressed, so that it cannot be compared; use another address."
        )
    if response.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", ""))
        if note is None or found is None or int(found[1]) != have or note.validator not in (None, _validator(headers)):
            raise _ChangedError
        total = note.total if found[2] == "*" else int(found[2])
        if note.total not in (None, total):
            raise _ChangedError
        return have, total
    told = headers.get("Content-Length", "")
    return 0, int(told) if told.isdigit() else None


def _refuse_page(response: Any) -> None:
    if response.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
        raise _page(response)


def _page(response: Any) -> ModelError:
    return ModelError(
        f"{_plain(response.url)} is a web page (a login or terms to accept?) and not a weight file; open it in a browser."
    )


def _refuse_full_disk(part: Path, missing: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if free < missing + SPARE:
        raise ResourceError(
            f"{part.parent} has {free / 1e9:.1f} GB free, {(missing + SPARE) / 1e9:.1f} GB are needed; make room or set "
            "SAMARITAN_CACHE to a folder on another disk."
        )


def _plain(url: str) -> str:
    """An address for messages: what stands behind the question mark may be a signature."""
    return url.partition("?")[0]


def _validator(headers: Message) -> str | None:
    """What proves that two answers are of the same bytes: a strong ETag, else the date of the last change."""
    tag = headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified")


def _version() -> str:
    try:
        return version("samaritan")
    except PackageNotFoundError:
        return "0"


def _silent(_done: int, _total: int | None) -> None:
    return
