"""The server's side of the model process: start it, talk through its pipe, notice its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from samaritan.annotate.engine._wire import HEAD, pack, unpack
from samaritan.annotate.engine.settings import EngineSettings

_log = logging.getLogger(__name__)

#: -P: what lies in the folder from which the annotator was started is never imported.
COMMAND = (sys.executable, "-P", "-m", "samaritan.annotate.engine")

#: How long a process whose pipe was closed may take to end, in seconds.
PATIENCE = 2.0


class ModelProcess:
    """A running process; made by :meth:`start`.

    Args:
        process: as asyncio started it, with pipes.
        hear: is called with each message, in the event loop.
        end: is called once with the exit code (negative: minus the signal that killed it), when nothing more can come.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, hear: Callable[[Any], None], end: Callable[[int], None]
    ) -> None:
        self._process = process
        self._hear = hear
        self._end = end
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(
        cls, settings: EngineSettings, hear: Callable[[Any], None], end: Callable[[int], None]
    ) -> ModelProcess:
        """Start the program; it loads its model by itself. It is in a session of its own, so Ctrl-C reaches only us."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        started = cls(process, hear, end)
        started.send(settings)
        return started

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, message: object) -> None:
        """Write a message."""
        self.write(pack(message))

    def write(self, frame: Sequence[bytes]) -> None:
        """Write a packed message; if the process is gone, its end is noticed elsewhere."""
        pipe = self._process.stdin
        if pipe is not None and not pipe.is_closing():
            pipe.writelines(frame)

    def kill(self) -> None:
        """End it whatever it does; ``end`` is called as soon as it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> None:
        """Close its pipe, at which it ends, and wait; ``end`` is not called any more."""
        self._listening.cancel()
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), PATIENCE)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _listen(self) -> None:
        pipe = self._process.stdout
        try:
            while pipe is not None:
                tree, arrays = HEAD.unpack(await pipe.readexactly(HEAD.size))
                self._hear(unpack(await pipe.readexactly(tree), await pipe.readexactly(arrays)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # it is gone
        except Exception:  # noqa: BLE001 - nothing that it says may end this task
            _log.exception("The model process said something that cannot be understood; it is ended.")
            self._process.kill()
        self._end(await self._process.wait())


def died(code: int) -> str:
    """How a process ended, in a sentence."""
    if code == -signal.SIGKILL:
        return "The model process was killed; most often the machine ran out of memory."
    if code < 0:
        return f"The model process died of signal {-code} ({signal.Signals(-code).name})."
    return f"The model process ended with exit code {code}."
