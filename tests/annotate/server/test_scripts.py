"""The client for scripts against the real server on a port, with real cases and a model that draws what it is asked."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from samaritan.annotate.client import Case, Client, ConflictError
from samaritan.annotate.engine.requests import SliceAnswer, SliceQuestion, VolumeAnswer, VolumeQuestion
from samaritan.annotate.messages import PlaneName
from samaritan.annotate.server import Hub, ServerSettings, create_app
from samaritan.annotate.server.listen import listening_socket
from samaritan.annotate.server.presence import Presence, announced
from samaritan.annotate.server.run import Server
from samaritan.annotate.workspace import Workspace
from samaritan.core import Geometry, InputError, SliceView
from samaritan.io import read_labels

from .fakes import Engine, Learner

#: Stored as LPS, anisotropic, turned about the patient's axis.
SHAPE = (40, 36, 12)
AFFINE = np.eye(4)
AFFINE[:3, :3] = np.array([[-0.96, 0.28, 0], [-0.28, -0.96, 0], [0, 0, 1]]) * (1.0, 1.2, 4.0)
AFFINE[:3, 3] = (14.0, 26.0, -16.0)
GEOMETRY = Geometry(SHAPE, AFFINE)


Progress = Callable[[int, int], None]


class DrawingEngine(Engine):
    """A box is filled, points make discs; a propagation repeats the first slice on the two next to it."""

    async def ask(self, question: SliceQuestion) -> SliceAnswer:
        view = SliceView.of(GEOMETRY, question.plane)
        x, y = np.indices(view.shape)
        mask = np.zeros(view.shape, bool)
        if (box := question.prompts.box) is not None:
            mask |= (x >= box.lo[0]) & (x <= box.hi[0]) & (y >= box.lo[1]) & (y <= box.hi[1])
        if (points := question.prompts.points) is not None:
            for place, positive in zip(points.ijk, points.labels, strict=True):
                near = (x - place[0]) ** 2 + (y - place[1]) ** 2 <= 9
                mask = mask | near if positive else mask & ~near
        return SliceAnswer((mask,), (0.9,), encoded=True, seconds=0.01)

    async def propagate(self, question: VolumeQuestion, progress: Progress | None = None) -> VolumeAnswer:
        if progress is not None:
            progress(1, 2)
        first = min(question.fixed)
        return VolumeAnswer({first + step: question.fixed[first] for step in (-1, 0, 1)}, {}, (), 0.01)


@pytest.fixture
def scans(tmp_path: Path) -> Iterator[Path]:
    """The folder of images; the annotator runs beside it."""
    folder, output = tmp_path / "scans", tmp_path / "scans-annotated"
    folder.mkdir()
    as_nifti: Any = nibabel.Nifti1Image
    voxels = np.random.default_rng(1).integers(-100, 100, SHAPE, np.int16)
    nibabel.save(as_nifti(voxels, AFFINE), folder / "ct_017.nii.gz")
    settings, hub = ServerSettings(page=tmp_path, folder="scans", output="scans-annotated"), Hub()
    workspace = Workspace(folder, output, ["liver"])
    app = create_app(workspace, DrawingEngine(), Learner(), settings, hub)
    listener = listening_socket("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    up = threading.Event()
    server = Server(app, settings.limits, up.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.until_told(listener)))
    thread.start()
    try:
        assert up.wait(60)
        with announced(output, Presence(address, settings.keys.script, os.getpid())):
            yield folder
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def case(scans: Path) -> Case:
    return Client.of(scans.with_name("scans-annotated")).open("ct_017")


def test_the_guide_runs(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "annotate-scripts.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", guide, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    exec(code, scope)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "ct_017 open 0"
    assert re.fullmatch(r"0\.\d+ ml", said[1])
    exported = read_labels(tmp_path / "liver.nii.gz")
    np.testing.assert_allclose(exported.geometry.affine, AFFINE, atol=1e-5)
    assert int((exported.data == 1).sum()) == int(scope["mask"].sum()) > 0


def test_the_mask_holds_the_place_that_was_clicked(case: Case) -> None:
    planes: tuple[PlaneName, ...] = ("axial", "coronal", "sagittal")
    for plane in planes:
        place = (-4.0, 6.0, 8.0)
        case.ask("liver", [place], plane=plane)
        i, j, k = np.round(case.geometry.to_voxel([place])[0]).astype(int)
        assert case.mask("liver")[i, j, k]
    assert (case.labels() == Client(case.connection.url, case.connection.token).open(case.case).labels()).all()


def test_what_one_script_did_is_a_conflict_for_another_that_did_not_look(case: Case) -> None:
    other = Client(case.connection.url, case.connection.token).open(case.case)
    case.paint("liver", [(0, 0, 8)], radius=3, plane="axial")
    one_disc = case.mask("liver").sum()
    with pytest.raises(ConflictError) as refused:
        other.paint("liver", [(5, 0, 8)], radius=3, plane="axial")
    assert refused.value.revision == case.revision
    other.refresh()
    other.paint("liver", [(5, 0, 8)], radius=3, plane="axial")
    assert other.mask("liver").sum() > one_disc == case.mask("liver").sum()


def test_undo_goes_back_to_nothing(case: Case) -> None:
    case.ask("liver", [(0, 0, 8)], plane="axial")
    case.paint("liver", [(6, 0, 8)], radius=2, plane="axial")
    before = case.labels()
    case.undo()
    case.undo()
    assert not case.labels().any()
    case.redo()
    case.redo()
    assert (case.labels() == before).all()


def test_a_preview_leaves_no_trace(case: Case) -> None:
    case.ask("liver", [(0, 0, 8)], plane="axial")
    revision, labels = case.revision, case.labels()
    mask = case.preview("liver", box=((-5, -5, 8), (5, 5, 8)), plane="axial")
    assert mask is not None
    assert mask.sum() > labels.astype(bool).sum()
    case.refresh()
    assert case.revision == revision
    assert (case.labels() == labels).all()


def test_the_image_is_that_of_the_shown_grid(case: Case) -> None:
    image: Any = nibabel.Nifti1Image.from_bytes(case.image_bytes())
    assert image.shape == case.geometry.shape
    np.testing.assert_allclose(image.affine, case.geometry.affine, atol=1e-4)
    assert case.geometry.orientation == "RAS"


def test_refusals_name_what_was_wrong(case: Case) -> None:
    with pytest.raises(InputError, match="outside"):
        case.ask("liver", [(500, 0, 8)], plane="axial")
    with pytest.raises(InputError, match="There is no object 9"):
        case.ask(9, [(0, 0, 8)], plane="axial")


def test_events_tell_what_happens_to_a_case(case: Case) -> None:
    client = Client(case.connection.url, case.connection.token)
    seen = []
    for event in client.events(timeout=60):
        seen.append(event)
        if event.event == "learn":  # the socket is open: both states were told
            threading.Thread(target=case.ask, args=("liver", [(0, 0, 8)]), kwargs={"plane": "axial"}).start()
        if event.event == "case" and event.summary is not None and event.summary.objects:
            break
    assert [event.event for event in seen][:2] == ["model", "learn"]
    assert seen[-1].case == case.case
