"""Images on disk, and an engine with a miniature model that is started once for a module."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import nibabel as nib
import numpy as np
import pytest

from samaritan.annotate.engine import Engine, EngineSettings
from samaritan.annotate.engine.requests import ImageRef
from samaritan.annotate.messages import ModelState

T = TypeVar("T")

TINY = EngineSettings(model="tiny-litemedsam", runtime="torch", threads=1)


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
