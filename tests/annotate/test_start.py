"""The annotator as a command, in a process of its own: rows S01 and S24 of docs/reliability.md."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from samaritan.annotate.engine import EngineSettings
from samaritan.annotate.server.presence import Presence, announced, read_presence
from samaritan.annotate.start import Start, annotate_folder
from samaritan.core.errors import InputError, UsageError
from samaritan.show.annotator import TerminalTeller


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures of J. Doe"
    folder.mkdir()
    Image.fromarray(np.arange(48 * 40, dtype=np.uint8).reshape(40, 48)).save(folder / "a b.png")
    return folder


def command(folder: Path, *options: str) -> list[str]:
    return [
        sys.executable, "-m", "samaritan", "annotate", str(folder), "-m", "tiny-litemedsam", "--no-browser", *options,
    ]  # fmt: skip


@contextmanager
def annotator(folder: Path, *options: str, **how: Any) -> Iterator[subprocess.Popen[str]]:
    """The command, once it listens."""
    process = subprocess.Popen(command(folder, *options), text=True, **{"stdout": subprocess.PIPE, **how})
    try:
        _until(lambda: (found := read_presence(results(folder))) is not None and found.pid == process.pid)
        yield process
    finally:
        process.kill()
        process.communicate()


def results(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-annotated")


def ask(folder: Path, path: str, body: dict[str, Any] | None = None) -> Any:
    presence = read_presence(results(folder))
    assert presence is not None
    request = urllib.request.Request(
        presence.url + path,
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {presence.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def _until(true: Any) -> None:
    for _ in range(3000):
        if true():
            return
        time.sleep(0.02)
    pytest.fail("It did not happen within 60 s.")


def test_a_second_start_opens_the_first_and_ctrl_c_ends_it_with_all_saved(folder: Path) -> None:
    with annotator(folder, "--json", "--labels", "organ") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        presence = read_presence(results(folder))
        assert presence is not None
        assert stat.S_IMODE((results(folder) / ".samaritan" / "server.json").stat().st_mode) == 0o600
        assert told["url"].startswith(f"{presence.url}/?token=")
        assert (told["pid"], told["cases"]) == (process.pid, 1)
        assert presence.token not in told["url"]

        second = subprocess.run(command(folder), capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 0
        assert f"{presence.url}/?token=" in second.stdout

        (case,) = ask(folder, "/api/cases")
        add = {"kind": "add-object", "label": "organ", "object": None}
        where = f"/api/cases/{case['case']}/edits"
        ask(folder, where, {"revision": 0, "request": "request-1", "edit": add})
        at = [-20.0, -20.0, 0.0]
        paint = {"kind": "paint", "object": 1, "plane": "axial", "path": [at], "radius": 3.0}
        assert ask(folder, where, {"revision": 1, "request": "request-2", "edit": paint})["objects"][0]["voxels"] > 20

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert read_presence(results(folder)) is None
    assert np.asarray(Image.open(results(folder) / "masks" / "a b.png")).any()
    log = (results(folder) / ".samaritan" / "server.log").read_text()
    assert "POST" in log
    assert "token" not in log
    assert presence.token not in log
    assert stat.S_IMODE((results(folder) / ".samaritan" / "server.log").stat().st_mode) == 0o600


@pytest.mark.skipif(not Path("/dev/ptmx").exists(), reason="this machine has no terminals to open")
@pytest.mark.slow
def test_a_closed_terminal_and_a_stale_file(folder: Path) -> None:
    """The terminal goes away while the annotator runs in it: nothing can be printed any more."""
    with announced(results(folder), Presence("http://127.0.0.1:1", "of a killed run", os.getpid())):
        master, slave = pty.openpty()
        with annotator(folder, stdin=slave, stdout=slave, stderr=slave, start_new_session=True) as process:
            os.close(slave)
            os.close(master)
            process.send_signal(signal.SIGHUP)
            assert process.wait(60) == 0
    assert read_presence(results(folder)) is None


def test_a_port_that_is_taken(folder: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(UsageError, match="is taken; choose another --port"),
    ):
        annotate_folder(Start(folder, port=taken.getsockname()[1]), TerminalTeller(browser=False))
    assert not results(folder).exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_are_kept_out_unless_they_are_let_in(folder: Path, host: str) -> None:
    with pytest.raises(UsageError, match="add --allow-remote if that is wanted"):
        annotate_folder(Start(folder, host=host), TerminalTeller(browser=False))


def test_what_is_not_there_is_refused_before_anything_is_made(folder: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        annotate_folder(Start(folder / "a b.png"), TerminalTeller(browser=False))
    with pytest.raises(InputError, match="There is no adapter"):
        annotate_folder(Start(folder, engine=EngineSettings(adapter=Path("none"))), TerminalTeller(browser=False))
    assert not results(folder).exists()
