"""Images on disk, and an engine with a miniature model that is started once for a module."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import nibabel as nib
import numpy as np
import pytest

from samaritan.annotate.engine import Engine, EngineSettings, _process
from samaritan.annotate.engine.requests import ImageRef
from samaritan.annotate.messages import ModelState

T = TypeVar("T")

TINY = EngineSettings(model="tiny-litemedsam", runtime="torch", threads=1)


#: A model process without a model, which starts in an instant: it answers volumes after five words, and slices with the
#: options "hang": never; with "once" the second process of a folder does not even load.
FAKE = """
import os, sys, time
from pathlib import Path
import numpy as np
from samaritan.annotate.engine._pipe import own_pipe
from samaritan.annotate.engine._wire import Answered, Progressed, Ready
from samaritan.annotate.engine.requests import SliceAnswer, VolumeAnswer, VolumeQuestion
pipe, seen, options = own_pipe(lambda: os._exit(0)), Path(sys.argv[1]), sys.argv[2:]
pipe.read()
pipe.listen()
if seen.exists() and "once" in options:
    time.sleep(60)
seen.touch()
pipe.send(Ready("fake", None, ("box",)))
while True:
    request = pipe.wait()
    if isinstance(request.body, VolumeQuestion):
        for done in range(5):
            time.sleep(0.15)
            pipe.send(Progressed(request.number, done, 5))
        pipe.send(Answered(request.number, VolumeAnswer({}, {}, (), 0.0)))
    elif "hang" in options:
        time.sleep(60)
    else:
        pipe.send(Answered(request.number, SliceAnswer((np.ones((3, 3), bool),), (0.9,), False, 0.0)))
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``fake(*options)``: model processes that are started from now on are fake ones."""

    def use(*options: str) -> None:
        command = (sys.executable, "-P", "-c", FAKE, str(tmp_path / "seen"), *options)
        monkeypatch.setattr(_process, "COMMAND", command)

    return use


class Running:
    """An engine on an event loop of its own, which a test borrows."""

    def __init__(self, settings: EngineSettings, **options: Any) -> None:
        self.states: list[ModelState] = []
        self._runner = asyncio.Runner()
        self.engine = Engine(settings, self.states.append, **options)
        self.run(self.engine.start())

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 60) -> T:
        """Until the work is done; no test waits longer than ``seconds``."""
        return self._runner.run(asyncio.wait_for(work, seconds))

    def close(self) -> None:
        """End process and loop."""
        self.run(self.engine.stop())
        self._runner.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    one = Running(TINY)
    yield one
    one.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Engines that a test starts for itself."""
    started: list[Running] = []

    def make(settings: EngineSettings = TINY, **options: Any) -> Running:
        started.append(Running(settings, **options))
        return started[-1]

    yield make
    for one in started:
        one.close()


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> ImageRef:
    """(48, 40, 12) int16, LPS, a bright block at i 15..29, j 10..24, k 3..8."""
    rng = np.random.default_rng(0)
    data = rng.normal(0, 10, (48, 40, 12)).astype(np.int16)
    data[15:30, 10:25, 3:9] += 100
    path = tmp_path_factory.mktemp("images") / "block.nii"
    nib.save(nib.Nifti1Image(data, np.diag([-1.0, -1.0, 3.0, 1.0])), path)  # type: ignore[no-untyped-call]
    return ImageRef("block", path, modality="MR")


@pytest.fixture(scope="session")
def folder(image: ImageRef) -> Path:
    return image.path.parent
