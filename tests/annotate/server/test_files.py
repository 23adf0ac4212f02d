"""Ranges of large files: row S11 of docs/reliability.md."""

from __future__ import annotations

import contextlib
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from samaritan.annotate.server.files import one_range
from samaritan.annotate.server.refusal import RefusedError

from .conftest import Stand

CONTENT = bytes(range(256)) * 4
IMAGE = "/api/cases/beef/image"


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, 1024),
        ("bytes=1000-5000", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=-5000", 0, 1024),
        ("Bytes = 5 - 9", 5, 10),
    ],
)
def test_one_range_is_served(client: TestClient, header: str, start: int, stop: int) -> None:
    answer = client.get(IMAGE, headers={"Range": header})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/1024"


@pytest.mark.parametrize("header", ["bytes=1024-", "bytes=99999-100000", "bytes=-0", "bytes=999999999999999999-"])
def test_beyond_the_end(client: TestClient, header: str) -> None:
    answer = client.get(IMAGE, headers={"Range": header})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */1024"
    assert answer.json()["error"] == "range"


@pytest.mark.parametrize(
    "header",
    [
        "bytes=" + ",".join(f"{start}-{start + 9}" for start in range(1000)),
        "bytes=0-9,5-20", "bytes=9-5", "bytes=--5", "bytes=-", "bytes=a-b", "lines=0-5", "bytes", "", "bytes=0-9;",
    ],
)  # fmt: skip
def test_many_ranges_and_nonsense_get_the_whole_file(client: TestClient, header: str) -> None:
    answer = client.get(IMAGE, headers={"Range": header})
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_two_headers_are_nonsense(client: TestClient) -> None:
    answer = client.get(IMAGE, headers=[("Range", "bytes=0-1"), ("Range", "bytes=2-3"), *client.headers.items()])
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_a_range_of_another_version_gets_the_whole_file(client: TestClient) -> None:
    tag = client.get(IMAGE).headers["etag"]
    assert client.get(IMAGE, headers={"Range": "bytes=0-4", "If-Range": tag}).status_code == 206
    assert client.get(IMAGE, headers={"Range": "bytes=0-4", "If-Range": '"other"'}).content == CONTENT


def test_head_says_how_long_it_is(client: TestClient) -> None:
    assert client.head(IMAGE).headers["content-length"] == "1024"


def test_a_file_that_is_removed_while_it_is_sent_arrives_whole(client: TestClient, tmp_path: Path) -> None:
    with client.stream("GET", IMAGE) as answer:
        (tmp_path / "images" / "patient of beef.nii").unlink()
        assert b"".join(answer.iter_raw()) == CONTENT


@given(st.text("bytes=-0123456789, ", max_size=30), st.integers(0, 200))
def test_a_range_lies_inside_or_is_none(header: str, size: int) -> None:
    part = None
    with contextlib.suppress(RefusedError):
        part = one_range([header], size)
    assert part is None or 0 <= part[0] < part[1] <= size


@pytest.mark.parametrize("name", ["liver.nii.gz", 'a"b\\c.nii', "Übung\r\nX: y.nii", "100%.nii", "\udcff.nii"])
def test_any_name_can_be_saved_under(client: TestClient, stand: Stand, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"mask")
    stand.workspace.documents["beef"].path = path
    answer = client.post("/api/cases/beef/export", json={"format": "nifti"})
    assert answer.content == b"mask"
    said = answer.headers["content-disposition"]
    plain, _, full = said.removeprefix('attachment; filename="').partition("\"; filename*=utf-8''")
    assert not set(plain) & set('"\\\r\n')
    assert name.encode("utf-8", "replace").decode() == unquote(full)
