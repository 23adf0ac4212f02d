"""The file that says where a server runs: part of row S24 of docs/reliability.md."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from samaritan.annotate.server.presence import FILE, Presence, announced, new_link, read_presence, running

from .conftest import Live


def test_it_is_there_while_the_server_runs_and_for_its_owner_alone(tmp_path: Path) -> None:
    presence = Presence("http://127.0.0.1:1", "secret", os.getpid())
    with announced(tmp_path, presence):
        assert json.loads((tmp_path / FILE).read_text()) == {"url": presence.url, "token": "secret", "pid": os.getpid()}
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
        assert read_presence(tmp_path) == presence
    assert not (tmp_path / FILE).exists()


def test_another_servers_file_is_left(tmp_path: Path) -> None:
    with announced(tmp_path, Presence("http://127.0.0.1:1", "secret", 1)):
        other = Presence("http://127.0.0.1:2", "other", 2)
        with announced(tmp_path, other):
            pass
        assert read_presence(tmp_path) is None
    with announced(tmp_path, Presence("http://127.0.0.1:1", "secret", 1)):
        (tmp_path / FILE).write_text(json.dumps({"url": "x", "token": "y", "pid": 3}))
    assert read_presence(tmp_path) == Presence("x", "y", 3)


def test_a_running_server_is_recognised_and_gives_a_new_link(tmp_path: Path, live: Callable[..., Live]) -> None:
    server = live()
    presence = Presence(f"http://127.0.0.1:{server.port}", server.stand.settings.keys.script, os.getpid())
    with announced(tmp_path, presence):
        assert running(tmp_path) == presence
        link = new_link(presence)
    assert link is not None
    path = link.removeprefix(presence.url)
    assert server.say(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n".encode()
    ).startswith(b"HTTP/1.1 303")


def test_what_a_killed_server_left_is_none(tmp_path: Path, live: Callable[..., Live]) -> None:
    server = live()
    right = Presence(f"http://127.0.0.1:{server.port}", server.stand.settings.keys.script, os.getpid())
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(10)
    for stale in (
        replace(right, pid=gone.pid),
        replace(right, token="of another run"),
        replace(right, url="http://127.0.0.1:1"),
        replace(right, url="nonsense"),
    ):
        with announced(tmp_path, stale):
            assert running(tmp_path) is None
    assert new_link(replace(right, token="of another run")) is None


ODD = (
    '{"url": "http://127.0.0.1:x", "token": "y", "pid": 1}', '{"url": "http://[", "token": "y", "pid": 1}',
    '{"url": "x", "token": "y", "pid": 1e999}', f'{{"url": "x", "token": "y", "pid": {10**30}}}', "[" * 100_000,
)  # fmt: skip


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"url": "x", "token": "y", "pid": "z"}', "\udcff", *ODD])
def test_a_damaged_file_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(content, errors="surrogateescape")
    assert running(tmp_path) is None
