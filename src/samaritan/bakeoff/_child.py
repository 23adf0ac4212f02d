"""The bake-off's side of an arm's process: start it, listen, and say in one sentence how it ended."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from samaritan.bakeoff._config import ArmConfig

#: Receives the events of :mod:`samaritan.bakeoff._wire`.
Listener = Callable[[Mapping[str, Any]], None]

#: The program of an arm; its folder and its runtime follow.
COMMAND = (sys.executable, "-m", "samaritan.bakeoff")

#: How long an arm that was asked to stop may take for its checkpoint, in seconds.
PATIENCE = 120.0


@dataclass(frozen=True)
class Ending:
    """How an arm's process ended.

    Attributes:
        code: its exit code; negative is the number of the signal that killed it.
        reason: what it said last, or which signal killed it; "" where all is well.
    """

    code: int
    reason: str

    @property
    def interrupted(self) -> bool:
        """Stopped by a person; the same arm can go on."""
        return self.code == 130


def run_arm(config: ArmConfig, folder: Path, listen: Listener, runtime: str = "auto") -> Ending:
    """Run an arm and wait for its end; it is asked to stop, and waited for, when a person interrupts.

    Args:
        config: the arm.
        folder: of the arm.
        listen: is given each event.
        runtime: what runs the encoder while the arm is scored.

    Raises:
        KeyboardInterrupt: after the arm has written its checkpoint and ended.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as settings, _log() as said:
        settings.write(config.model_dump_json())
        settings.seek(0)
        # A session of its own: Ctrl-C reaches only us, so the arm is stopped once and by us.
        with subprocess.Popen(
            [*COMMAND, str(folder), runtime],
            stdin=settings,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                _follow(process, listen)
            except BaseException:
                _stop(process)
                raise
        said.seek(0)
        return Ending(process.returncode, _reason(process.returncode, said.read()))


def _log() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")


def _follow(process: subprocess.Popen[str], listen: Listener) -> None:
    signal.siginterrupt(
        signal.SIGINT, True
    )  # polars installs a handler under which Ctrl-C would wait for the next line
    for line in process.stdout or ():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # something that a library printed
        if isinstance(event, dict):
            listen(event)
    process.wait()


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask once; a second Ctrl-C, or an arm that does not end, kills it."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        process.kill()


def _reason(code: int, said: str) -> str:
    if code in (0, 130):
        return ""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if code == -signal.SIGKILL:
        return "It was killed; most often the machine ran out of memory: take a smaller batch (--train batch=1)."
    if code < 0:
        return f"It died of signal {-code} ({signal.Signals(-code).name})."
    return lines[-1] if lines else f"It ended with exit code {code} and said nothing."
