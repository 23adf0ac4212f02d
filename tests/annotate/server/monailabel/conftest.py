"""The protocol on a real workspace of one oblique volume and one picture, with an engine that draws what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from samaritan.annotate.engine.requests import (
    Attention,
    CaseAnswer,
    CaseQuestion,
    ChainEnd,
    SliceAnswer,
    SliceQuestion,
    VolumeAnswer,
    VolumeQuestion,
)
from samaritan.annotate.messages import LearnRequest, LearnState, ModelState
from samaritan.annotate.server import ServerSettings, create_app
from samaritan.annotate.workspace.workspace import Workspace
from samaritan.core import PromptSet

HOST = "127.0.0.1:8321"

#: i runs to the left and up, j to the back, k is thick: not RAS, anisotropic, oblique.
SHAPE = (20, 16, 6)
TURN = np.array([[-0.8, 0.0, 0.6], [0.0, -1.0, 0.0], [0.6, 0.0, 0.8]])
AFFINE = np.eye(4)
AFFINE[:3, :3] = TURN * (0.75, 0.9, 4.0)
AFFINE[:3, 3] = (30.0, 20.0, -10.0)

Mask = NDArray[np.bool_]


def drawn(shape: tuple[int, int], prompts: PromptSet, current: Mask | None = None) -> Mask:
    """(x, y): the box filled, positive points set, negative ones cleared."""
    mask = np.zeros(shape, bool) if current is None else current.copy()
    if prompts.box is not None:
        lo, hi = np.round(prompts.box.lo).astype(int), np.round(prompts.box.hi).astype(int)
        mask[lo[0] : hi[0] + 1, lo[1] : hi[1] + 1] = True
    if prompts.points is not None:
        for place, positive in zip(prompts.points.ijk, prompts.points.labels, strict=True):
            x, y = np.round(place[:2]).astype(int)
            mask[x, y] = positive
    return mask


@dataclass
class DrawingEngine:
    """Draws prompts as they are; a propagation copies the first of them to all slices within the bounds."""

    shape: tuple[int, int]
    count: int
    adapter: str | None = None
    prompts: tuple[str, ...] = ("points", "box", "mask")
    asked: list[Any] = field(default_factory=list)

    @property
    def state(self) -> ModelState:
        return ModelState(name="litemedsam", adapter=self.adapter, state="ready", prompts=self.prompts)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def attend(self, attention: Attention) -> None: ...

    async def ask(self, question: SliceQuestion) -> SliceAnswer:
        self.asked.append(question)
        return SliceAnswer((drawn(self.shape, question.prompts, question.current),), (0.9,), True, 0.1)

    async def propagate(self, question: VolumeQuestion, progress: Callable[[int, int], None]) -> VolumeAnswer:
        self.asked.append(question)
        first, last = question.bounds or (0, self.count - 1)
        mask = drawn(self.shape, next(iter(question.prompts.values())))
        masks = {index: question.fixed.get(index, mask) for index in range(first, last + 1)}
        end = ChainEnd(first, 1, last, "reached the end of the volume", expected=True)
        return VolumeAnswer(masks, dict.fromkeys(masks, 0.8), (end,), 0.1)

    async def propose(self, question: CaseQuestion) -> CaseAnswer:
        self.asked.append(question)
        data = np.zeros(SHAPE, bool)
        data[3, 4, 5] = True
        return CaseAnswer({question.names[0]: data}, 0.25, 0.1)


@dataclass
class StepLearner:
    state: LearnState = field(default_factory=lambda: LearnState(accepted=3))
    acted: list[LearnRequest] = field(default_factory=list)

    async def act(self, request: LearnRequest) -> LearnState:
        self.acted.append(request)
        if request.action == "start":
            self.state = LearnState(state="training", accepted=3, steps=10, step=1)
        else:
            self.state = LearnState(state="idle", accepted=3)
        return self.state


@dataclass
class Stand:
    workspace: Workspace
    engine: DrawingEngine
    learner: StepLearner
    settings: ServerSettings
    app: Starlette
    image: Path
    voxels: NDArray[np.int16]

    @property
    def case(self) -> str:
        return next(one.case for one in self.workspace.summaries() if one.volume)

    @property
    def key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.settings.keys.protocol}"}


def make_stand(place: Path, volumes: tuple[str, ...], pictures: tuple[str, ...] = ()) -> Stand:
    """An application on a folder of images in ``place``; all volumes hold the same."""
    folder = place / "images"
    folder.mkdir(exist_ok=True)
    voxels = np.random.default_rng(3).integers(-500, 500, SHAPE, np.int16)
    as_nifti: Any = nibabel.Nifti1Image
    for name in volumes:
        nibabel.save(as_nifti(voxels, AFFINE), folder / f"{name}.nii.gz")
    for name in pictures:
        pixels = np.random.default_rng(4).integers(0, 255, (9, 12, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
    workspace = Workspace(folder, place / "out", labels=["liver"])
    settings = ServerSettings(
        page=place, roots=(folder,), folder="images", output="out", monailabel=True, origins=("http://localhost:3000",)
    )
    engine, learner = DrawingEngine((20, 16), 6), StepLearner()
    app = create_app(workspace, engine, learner, settings)
    return Stand(workspace, engine, learner, settings, app, folder / f"{volumes[0]}.nii.gz", voxels)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return make_stand(tmp_path, ("ct_1",), ("skin",))


@pytest.fixture
def client(stand: Stand) -> Iterator[TestClient]:
    """A program with the key."""
    base = f"http://{HOST}/monai-label"
    with TestClient(stand.app, base_url=base, headers=stand.key, follow_redirects=False) as client:
        yield client


@pytest.fixture
def stranger(stand: Stand) -> Iterator[TestClient]:
    """Somebody without it."""
    with TestClient(stand.app, base_url=f"http://{HOST}", follow_redirects=False) as client:
        yield client
