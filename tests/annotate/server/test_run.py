"""The server's log."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from samaritan.annotate.server.run import LogFile


def test_the_log_is_its_owners_also_when_it_begins_anew(tmp_path: Path) -> None:
    handler = LogFile(tmp_path / "server.log", maxBytes=50, backupCount=1, encoding="utf-8")
    for number in range(4):
        handler.emit(logging.makeLogRecord({"msg": f"{number} {'x' * 40}"}))
    handler.close()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"server.log": 0o600, "server.log.1": 0o600}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_says_nothing_at_every_line(capfd: pytest.CaptureFixture[str]) -> None:
    handler = LogFile("/dev/full", mode="r+", encoding="utf-8")
    handler.emit(logging.makeLogRecord({"msg": "a patient's name"}))
    with pytest.raises(OSError, match="No space left"):
        handler.close()  # logging bears it at the end
    assert capfd.readouterr() == ("", "")
