"""The model process and the end of the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from samaritan.annotate.engine._process import died
from samaritan.annotate.engine.requests import ImageRef

SERVER = """
import asyncio, sys
from pathlib import Path
from samaritan.annotate.engine import Engine, EngineSettings
from samaritan.annotate.engine.requests import ImageRef, VolumeQuestion
from samaritan.core import Box, PromptSet

async def serve(path):
    engine = Engine(EngineSettings(model="tiny-litemedsam", runtime="torch", threads=1))
    await engine.start()
    await engine.ready()
    question = VolumeQuestion(ImageRef("a", Path(path)), "axial", {0: PromptSet(box=Box((15, 10), (29, 24)))}, bounds=(0, 11))
    while True:
        await engine.propagate(question, lambda done, total: print(engine.pid, flush=True))

asyncio.run(serve(sys.argv[1]))
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_the_process_ends_with_a_server_that_is_killed_while_it_works(image: ImageRef) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVER, image.path], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert alive(pid)
        server.kill()
    for _ in range(1200):
        if not alive(pid):
            break
        time.sleep(0.05)
    assert not alive(pid)


@pytest.mark.parametrize(
    ("code", "words"),
    [(-signal.SIGKILL, "ran out of memory"), (-signal.SIGSEGV, "signal 11 (SIGSEGV)"), (3, "exit code 3")],
)
def test_deaths_are_told_in_a_sentence(code: int, words: str) -> None:
    assert words in died(code)
