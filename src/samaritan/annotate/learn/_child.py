"""The training process, as its parent sees it."""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, Self

#: Seconds that a training has to end its step, before it is killed.
PATIENCE = 10.0

#: Lines of its standard error that are remembered.
REMEMBERED = 20


class Child:
    """A process that says one JSON object a line; when this one goes, its standard input ends and it goes too."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._errors: deque[str] = deque(maxlen=REMEMBERED)
        self._reading = asyncio.create_task(self._remember())

    @classmethod
    async def start(cls, command: Sequence[str]) -> Self:
        """Start it, out of reach of the terminal's Ctrl-C."""
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True, env=dict(os.environ)
            )
        )

    async def lines(self) -> AsyncIterator[dict[str, Any]]:
        """What it says, until it ends; what is no JSON object is passed over."""
        assert self._process.stdout is not None  # noqa: S101  it was started with a pipe
        async for line in self._process.stdout:
            with suppress(ValueError):
                words = json.loads(line)
                if isinstance(words, dict) and "state" in words:
                    yield words
        await self._process.wait()

    async def end(self) -> None:
        """Ask it to end, then make it."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), PATIENCE)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()
        await self._reading

    def last_words(self) -> str:
        """The last line of its standard error, or how it ended."""
        return self._errors[-1] if self._errors else f"exit code {self._process.returncode}"

    async def _remember(self) -> None:
        assert self._process.stderr is not None  # noqa: S101  it was started with a pipe
        async for line in self._process.stderr:
            self._errors.append(line.decode("utf-8", "replace").strip())


def said(words: dict[str, Any]) -> dict[str, Any]:
    """What the training process says -> fields of :class:`samaritan.annotate.messages.LearnState`."""
    known = ("state", "step", "steps", "seconds_left", "before", "after", "validation", "sentence")
    return {name: words[name] for name in known if name in words} | ({} if "step" in words else {"seconds_left": None})
