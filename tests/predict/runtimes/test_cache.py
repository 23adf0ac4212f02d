"""Prepared encoders on disk: whole or not there, whoever writes at the same time."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from samaritan.core import ResourceError
from samaritan.predict.runtimes import _cache
from samaritan.predict.runtimes._base import Runtime
from samaritan.predict.runtimes._cache import Entry, entry_path, read_entry, read_header, write_entry

HEADER = {"plan": "f32", "verdict": {"worst": 1.0}}


def runtime(name: str = "numpy") -> Runtime:
    def never(*_: object) -> bytes:
        raise AssertionError

    return Runtime(name, "for tests", 0, name, never, never)  # type: ignore[arg-type]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "made" / "entry.bin"
    assert read_entry(path) is None
    assert read_header(path) is None
    write_entry(path, HEADER, b"graph\nwith lines")
    found = read_entry(path)
    assert isinstance(found, Entry)
    assert found.payload == b"graph\nwith lines"
    assert found.header == read_header(path) == HEADER | {"sha256": found.header["sha256"]}


@pytest.mark.parametrize(
    "content", [b"", b"{}\n", b"no json\nx", b"[1]\nx", b'{"sha256": 3, "verdict": {}}\nx', b"\xff\n"]
)
def test_what_is_damaged_is_not_taken_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    path = tmp_path / "entry.bin"
    path.write_bytes(content)
    assert read_entry(path) is None
    assert caplog.messages == ["The prepared encoder entry.bin is damaged; it is made again."]
    assert read_header(path) is None or b"verdict" in content


def test_a_full_disk_is_told_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise ResourceError("no space left")

    monkeypatch.setattr(_cache, "write_bytes", full)
    with caplog.at_level(logging.WARNING):
        write_entry(tmp_path / "entry.bin", HEADER, b"graph")
    assert caplog.messages == ["The prepared encoder is not kept: no space left"]
    assert list(tmp_path.iterdir()) == []


def test_what_killed_writers_left_goes_and_what_is_being_written_stays(tmp_path: Path) -> None:
    old, young = tmp_path / ".tmp-old.bin", tmp_path / ".tmp-young.bin"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    write_entry(tmp_path / "entry.bin", HEADER, b"graph")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tmp-young.bin", "entry.bin"]


def test_versions_kinds_processors_and_encoders_have_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAMARITAN_CACHE", str(tmp_path))
    paths = [
        entry_path(runtime(), "a", "exact"),
        entry_path(runtime(), "b", "exact"),
        entry_path(runtime(), "a", "fast"),
        entry_path(runtime("scipy"), "a", "exact"),
    ]
    monkeypatch.setattr(_cache, "processor", lambda: "another")
    paths.append(entry_path(runtime(), "a", "exact"))
    monkeypatch.setitem(_cache.VERSIONS, "exact", 99)
    paths.append(entry_path(runtime(), "a", "exact"))
    assert len(set(paths)) == len(paths)
    assert all(path.parent == tmp_path / "runtimes" for path in paths)


@pytest.mark.slow
def test_two_processes_that_write_one_entry_leave_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "entry.bin"
    program = """
import sys
from pathlib import Path
from samaritan.predict.runtimes._cache import read_entry, write_entry
path, name = Path(sys.argv[1]), sys.argv[2]
for number in range(40):
    write_entry(path, {"plan": name, "verdict": {}}, name.encode() * 50_000)
    entry = read_entry(path)
    assert entry is not None and entry.payload == entry.header["plan"].encode() * 50_000
"""
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(path), name], stderr=subprocess.PIPE, text=True)
        for name in ("one", "another")
    ]
    said = [writer.communicate(timeout=120)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], said
    assert said == ["", ""]  # neither has seen a damaged one
    assert json.loads(path.read_bytes().partition(b"\n")[0])["plan"] in ("one", "another")
    assert [file.name for file in tmp_path.iterdir()] == ["entry.bin"]
