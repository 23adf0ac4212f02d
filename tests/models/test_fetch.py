"""Fetching a file over a network that misbehaves, from a server on this machine."""

from __future__ import annotations

import errno
import io
import shutil
import urllib.request
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samaritan.core import ModelError, ResourceError
from samaritan.models import _fetch
from samaritan.models._fetch import RefusedError, fetch
from samaritan.models._part import discard, note_path
from tests.models.file_server import FileServer, serving

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setattr(_fetch, "PAUSE", 0.0)
    monkeypatch.setattr(_fetch, "TIMEOUT", 5)
    with serving(FileServer(CONTENT)) as files:
        yield files


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "w.pth.part"


def test_a_file_comes_whole_and_its_progress_is_told(server: FileServer, part: Path) -> None:
    told: list[tuple[int, int | None]] = []
    fetch(f"{server.url}/w.pth", part, progress=lambda done, total: told.append((done, total)))

    assert part.read_bytes() == CONTENT
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert note_path(part).exists()


def test_a_cut_connection_is_continued_where_it_broke(server: FileServer, part: Path) -> None:
    server.cuts = [300_000, 1, None]
    fetch(f"{server.url}/w.pth", part)

    assert part.read_bytes() == CONTENT
    assert [server.range_of(n) for n in range(3)] == [None, "bytes=300000-", "bytes=300001-"]
    assert server.asked[1][1]["If-Range"] == '"one"'


def test_a_connection_that_keeps_breaking_leaves_a_part_that_a_later_call_continues(
    server: FileServer, part: Path
) -> None:
    server.cuts = [500_000, *[0] * _fetch.TRIES]
    with pytest.raises(ModelError, match=r"in 5 tries; 0\.5 MB are kept, run the command again to continue"):
        fetch(f"{server.url}/w.pth", part)
    assert part.read_bytes() == CONTENT[:500_000]

    fetch(f"{server.url}/w.pth", part)
    assert part.read_bytes() == CONTENT
    assert server.range_of(-1) == "bytes=500000-"


def test_every_new_byte_earns_new_tries(server: FileServer, part: Path) -> None:
    server.cuts = [100] * 20
    fetch(f"{server.url}/w.pth", part)

    assert part.read_bytes() == CONTENT
    assert len(server.asked) == 21


def _begin(server: FileServer, part: Path, length: int = 400_000) -> None:
    """Leave a part of that length, as an interruption does."""

    def interrupt(done: int, _total: int | None) -> None:
        if done >= length:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(f"{server.url}/w.pth", part, progress=interrupt)
    assert length <= part.stat().st_size < len(CONTENT)
    server.asked.clear()


def test_an_interruption_leaves_a_part_that_is_continued(server: FileServer, part: Path) -> None:
    _begin(server, part)
    begun = part.stat().st_size
    fetch(f"{server.url}/w.pth", part)

    assert part.read_bytes() == CONTENT
    assert server.range_of(0) == f"bytes={begun}-"


def test_a_file_that_changed_meanwhile_is_begun_anew(server: FileServer, part: Path) -> None:
    _begin(server, part)
    server.content, server.etag = CONTENT[::-1], '"two"'
    fetch(f"{server.url}/w.pth", part)

    assert part.read_bytes() == CONTENT[::-1]


def test_a_server_that_overlooks_the_change_is_not_believed(server: FileServer, part: Path) -> None:
    """It answers with the rest of the new file, although the condition asked for the old one."""
    _begin(server, part)
    server.content = CONTENT[::-1]
    server.headers = {"ETag": '"two"'}  # the first ETag, '"one"', still satisfies If-Range
    server.etag = '"one"'
    fetch(f"{server.url}/w.pth", part, size=len(CONTENT))

    assert part.read_bytes()[-1000:] == CONTENT[::-1][-1000:]
    assert part.read_bytes() == CONTENT[::-1]


def test_a_server_without_ranges_sends_all_again(server: FileServer, part: Path) -> None:
    _begin(server, part)
    server.ranges = False
    fetch(f"{server.url}/w.pth", part)

    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize(("proven", "asks_for_rest"), [(False, False), (True, True)])
@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_validator_only_a_later_checksum_allows_a_continuation(
    server: FileServer, part: Path, etag: str | None, proven: bool, asks_for_rest: bool
) -> None:
    server.etag = etag
    _begin(server, part)
    fetch(f"{server.url}/w.pth", part, proven=proven)

    assert part.read_bytes() == CONTENT
    assert (server.range_of(0) is not None) == asks_for_rest


def test_a_part_of_another_address_or_longer_than_the_file_is_not_continued(server: FileServer, part: Path) -> None:
    _begin(server, part)
    fetch(f"{server.url}/other.pth", part)
    assert server.range_of(0) is None
    assert part.read_bytes() == CONTENT

    discard(part)
    _begin(server, part)
    server.content = CONTENT[:1000]  # same ETag: the server has nothing behind the part and answers 416
    fetch(f"{server.url}/w.pth", part, size=None)
    assert part.read_bytes() == CONTENT[:1000]


def test_another_size_is_refused_before_it_is_fetched(server: FileServer, part: Path) -> None:
    with pytest.raises(ModelError, match="has 1024000 bytes, published are 5"):
        fetch(f"{server.url}/w.pth", part, size=5)
    assert not part.exists()


def test_a_length_that_is_too_large_is_a_broken_connection(server: FileServer, part: Path) -> None:
    server.length = len(CONTENT) + 10
    with pytest.raises(ModelError, match=r"the connection ended after 1024000 of 1024010 bytes"):
        fetch(f"{server.url}/w.pth", part)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_told_once(server: FileServer, part: Path, status: int) -> None:
    server.status = [status]
    with pytest.raises(RefusedError) as caught:
        fetch(f"{server.url}/w.pth?signature=secret", part)

    assert caught.value.status == status
    assert "secret" not in str(caught.value)
    assert len(server.asked) == 1


def test_a_busy_server_is_asked_again(server: FileServer, part: Path) -> None:
    server.status = [503, 429, 500]
    fetch(f"{server.url}/w.pth", part)
    assert part.read_bytes() == CONTENT

    server.status = [503] * _fetch.TRIES
    with pytest.raises(ModelError, match=r"could not be fetched \(the server answers 503\) in 5 tries\."):
        fetch(f"{server.url}/v.pth", part)


def test_a_web_page_is_no_weight_file(server: FileServer, part: Path) -> None:
    server.headers = {"Content-Type": "text/html; charset=utf-8"}
    with pytest.raises(ModelError, match=r"is a web page .* open it in a browser"):
        fetch(f"{server.url}/w.pth", part)
    assert not part.exists()


def test_a_web_page_that_calls_itself_a_file_is_no_weight_file(server: FileServer, part: Path) -> None:
    server.content = b"\n<!DOCTYPE html><title>Sign in</title>"
    with pytest.raises(ModelError, match=r"is a web page .* open it in a browser"):
        fetch(f"{server.url}/w.pth", part)
    fetch_again = part.stat().st_size if part.exists() else 0
    assert fetch_again == 0


@pytest.mark.parametrize("url", ["file:///etc/passwd", "mirror.example.org/w.pth", "ftp://example.org/w.pth"])
def test_only_the_web_is_asked(part: Path, url: str) -> None:
    with pytest.raises(ModelError, match="is no address of the web; correct SAMARITAN_MIRROR"):
        fetch(url, part)


def test_a_compressed_answer_is_refused(server: FileServer, part: Path) -> None:
    server.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(ModelError, match="compressed"):
        fetch(f"{server.url}/w.pth", part)


def test_a_token_stays_with_the_address_it_is_for(server: FileServer, part: Path) -> None:
    with serving(FileServer(redirect=f"{server.url}/w.pth")) as front:
        fetch(f"{front.url}/w.pth", part, token="t0k3n")

    assert part.read_bytes() == CONTENT
    assert front.asked[0][1]["Authorization"] == "Bearer t0k3n"
    assert "Authorization" not in server.asked[0][1]


def test_https_never_becomes_http() -> None:
    request = urllib.request.Request("https://example.org/w.pth")
    with pytest.raises(ModelError, match="which is not https; it is not followed"):
        _fetch._SafeRedirects().redirect_request(request, io.BytesIO(), 302, "", {}, "http://example.org/w.pth")


def test_without_a_network_the_message_says_so(server: FileServer, part: Path) -> None:
    with serving(FileServer()) as gone:
        address = gone.url
    with pytest.raises(ModelError, match=r"no connection to 127\.0\.0\.1:\d+: .*; check the network"):
        fetch(f"{address}/w.pth", part)


def test_a_disk_that_is_too_small_is_said_before(
    server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**6, 0, 10**6))
    with pytest.raises(ResourceError, match=r"0\.0 GB free, 0\.1 GB are needed; make room or set SAMARITAN_CACHE"):
        fetch(f"{server.url}/w.pth", part)
    assert not part.exists()


def test_a_disk_that_fills_up_keeps_what_came(server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path.open

    def full(path: Path, *args: Any, **kwargs: Any) -> Any:
        stream = whole(path, *args, **kwargs)
        return _Full(stream) if path == part else stream

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(ResourceError, match=r"No space left on device; what came is kept"):
            fetch(f"{server.url}/w.pth", part)
    begun = part.stat().st_size
    assert 0 < begun < len(CONTENT)

    server.asked.clear()
    fetch(f"{server.url}/w.pth", part)
    assert part.read_bytes() == CONTENT
    assert server.range_of(0) == f"bytes={begun}-"


class _Full:
    """A file on a disk with room for half a megabyte."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __enter__(self) -> _Full:
        return self

    def __exit__(self, *_args: object) -> None:
        self._stream.close()

    def write(self, block: bytes) -> int:
        if self._stream.tell() + len(block) > 600_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._stream.write(block))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
