from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from samaritan.core import ResourceError, exclusive


def test_the_second_is_refused_with_the_process_of_the_first(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    with exclusive(lock):
        with pytest.raises(ResourceError, match=rf"in use by another run \(process {os.getpid()}\)"), exclusive(lock):
            pass
        assert lock.exists()
    assert not lock.exists()
    with exclusive(lock):
        pass


def test_a_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    script = (
        "import sys, os, signal\n"
        "from pathlib import Path\n"
        "from samaritan.core import exclusive\n"
        "with exclusive(Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    dead = subprocess.run([sys.executable, "-c", script, str(lock)], check=False)
    assert dead.returncode == -9
    assert lock.exists()
    with exclusive(lock):
        assert lock.read_text() == f"{os.getpid()}\n"
    assert not lock.exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="Could not lock"), exclusive(tmp_path / "absent" / ".lock"):
        pass


def test_who_waits_gets_it_when_the_first_lets_go(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    order: list[str] = []

    def second() -> None:
        with exclusive(lock, wait=True):
            order.append("second")

    with exclusive(lock):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
