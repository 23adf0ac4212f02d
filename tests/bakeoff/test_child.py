"""An arm's process as the bake-off sees it: events, endings, interruptions."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from samaritan.bakeoff import ArmConfig, _child
from samaritan.train import TrainConfig

Play = Callable[[str], None]

CONFIG = ArmConfig(label="lora", train=TrainConfig(data=("discs",), steps=1))


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Let an arm's process run this program instead."""

    def put(program: str) -> None:
        monkeypatch.setattr(_child, "COMMAND", (sys.executable, "-c", f"import json, os, signal, sys, time\n{program}"))

    return put


def run(folder: Path) -> tuple[_child.Ending, list[Mapping[str, Any]]]:
    events: list[Mapping[str, Any]] = []
    return _child.run_arm(CONFIG, folder, events.append), events


def test_settings_go_in_and_events_come_out(play: Play, tmp_path: Path) -> None:
    play("""
label = json.load(sys.stdin)["label"]
print("a library says something")
print(json.dumps({"note": label + " in " + os.path.basename(sys.argv[1]) + " on " + sys.argv[2]}))
""")
    ending, events = run(tmp_path / "arm")
    assert (ending.code, ending.reason) == (0, "")
    assert events == [{"note": "lora in arm on auto"}]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("print('UserWarning: x\\nThe data hold no masks.', file=sys.stderr); sys.exit(3)", "The data hold no masks."),
        ("raise ValueError('odd')", "ValueError: odd"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "ran out of memory"),
        ("os.kill(os.getpid(), signal.SIGABRT)", "SIGABRT"),
        ("sys.exit(7)", "exit code 7"),
    ],
)
def test_the_reason_of_a_failure_is_one_sentence(play: Play, program: str, words: str, tmp_path: Path) -> None:
    play(program)
    ending, _ = run(tmp_path)
    assert not ending.interrupted
    assert words in ending.reason
    assert "\n" not in ending.reason


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT as in a terminal: a shell that starts the tests in the background has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_is_passed_on_and_waited_for(play: Play, tmp_path: Path) -> None:
    play("""
print(json.dumps({"step": 1}), flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    open(os.path.join(sys.argv[1], "checkpoint"), "w").close()
    sys.exit(130)
""")

    def press_later() -> None:
        time.sleep(0.2)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def interrupt(event: Mapping[str, Any]) -> None:
        threading.Thread(target=press_later).start()

    with pytest.raises(KeyboardInterrupt):
        _child.run_arm(CONFIG, tmp_path, interrupt)
    assert (tmp_path / "checkpoint").exists()


def test_an_arm_that_does_not_stop_is_killed(play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_child, "PATIENCE", 0.3)
    play(
        "signal.signal(signal.SIGINT, signal.SIG_IGN); print(json.dumps({'pid': os.getpid()}), flush=True); time.sleep(60)"
    )
    pids: list[int] = []

    def interrupt(event: Mapping[str, Any]) -> None:
        pids.append(int(event["pid"]))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _child.run_arm(CONFIG, tmp_path, interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
