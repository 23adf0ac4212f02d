"""Which look of a slice the annotator gives the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.annotate.engine._volumes import Volumes
from samaritan.annotate.engine.answers import answer_slice, answer_volume
from samaritan.annotate.engine.requests import ImageRef, SliceQuestion, VolumeQuestion
from samaritan.annotate.engine.settings import EngineSettings
from samaritan.core import Box, Plane, Points, PromptSet
from samaritan.core.store import ArrayStore
from samaritan.loading import Loaded
from samaritan.models import load_model
from samaritan.predict import EmbeddingCache, VolumePredictor

BOX = PromptSet(box=Box((6, 2), (13, 4)))


@pytest.fixture(scope="module")
def thick(tmp_path_factory: pytest.TempPathFactory) -> ImageRef:
    """(20, 24, 8), slices six times as thick as wide, a bright block at i 6..13, j 8..15, k 2..4."""
    return block(tmp_path_factory.mktemp("thick"), 6.0)


def block(folder: Path, thickness: float) -> ImageRef:
    data = np.random.default_rng(0).normal(0, 10, (20, 24, 8)).astype(np.int16)
    data[6:14, 8:16, 2:5] += 100
    path = folder / "thick.nii"
    nib.save(nib.Nifti1Image(data, np.diag([-1.0, -1.0, -thickness, 1.0])), path)  # type: ignore[no-untyped-call]
    return ImageRef("thick", path, modality="MR")


class Watched:
    """A model that remembers the sizes of the pictures that it saw; options make it look like another kind."""

    def __init__(self, model: str = "tiny-litemedsam", **options: Any) -> None:
        self._inner = load_model(model)
        self.seen: list[tuple[int, ...]] = []
        self.__dict__.update(options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def encode(self, picture: NDArray[np.float32]) -> Any:
        self.seen.append(picture.shape[:2])
        return self._inner.encode(picture)


def on(plane: Plane, image: ImageRef, segmenter: Any, about: dict[str, Any] | None = None, **given: Any) -> Any:
    return Volumes(EngineSettings(**given), None).predictor(Loaded(segmenter, about or {}), image, plane)


@pytest.mark.parametrize(
    ("plane", "size"), [("axial", (20, 24)), ("coronal", (20, 48)), ("sagittal", (24, 48)), ("auto", (20, 24))]
)
def test_slices_of_a_thick_volume_are_shown_with_square_pixels(
    thick: ImageRef, plane: Plane, size: tuple[int, int]
) -> None:
    model = Watched()
    predictor = on(plane, thick, model)
    predictor.embed(4)  # ahead of the first question
    assert predictor.embedded(4)
    answer = answer_slice(predictor, SliceQuestion(thick, plane, 4, BOX))
    assert model.seen == [size]
    assert not answer.encoded
    assert answer.masks[0].shape == predictor.view.shape


def test_a_coronal_box_is_answered_as_by_the_framing(thick: ImageRef) -> None:
    segmenter = load_model("tiny-litemedsam")
    found = on("coronal", thick, segmenter).decode(10, [BOX])[0].logits
    volume = Volumes(EngineSettings(), None).volume(thick)
    square, whole = (
        VolumePredictor(segmenter, volume, plane="coronal", modality="MR", framing=name).decode(10, [BOX])[0].logits
        for name in ("square", "whole")
    )
    np.testing.assert_array_equal(found, square)
    assert not np.array_equal(found, whole)


@pytest.mark.parametrize(("thickness", "framing"), [(2.4, "whole"), (3.0, "square")])
def test_slices_that_are_a_little_thick_are_shown_as_they_are(tmp_path: Path, thickness: float, framing: str) -> None:
    assert on("coronal", block(tmp_path, thickness), Watched()).framing.name == framing


def test_whoever_asks_for_whole_pictures_gets_them(thick: ImageRef) -> None:
    assert on("coronal", thick, Watched(), framing="whole").framing.name == "whole"
    assert on("coronal", thick, Watched(), framing="zoom:2").framing.name == "zoom:2"


@pytest.mark.parametrize("model", [Watched(depth=3), load_model("tiny-sam2")])
def test_models_that_relate_slices_to_each_other_see_them_as_they_are(thick: ImageRef, model: Any) -> None:
    assert on("coronal", thick, model).framing.name == "whole"


@pytest.mark.parametrize(
    ("learned", "plane", "framing"),
    [("coronal", "coronal", "whole"), ("coronal", "sagittal", "square"), (None, "coronal", "square")],
)
def test_an_adapter_sees_the_slices_that_it_learned_from_as_it_saw_them(
    thick: ImageRef, learned: str | None, plane: Plane, framing: str
) -> None:
    about = {"name": "mine", "preparation": {"plane": learned}}
    assert on(plane, thick, Watched(), about).framing.name == framing


def test_clicks_corrections_and_chains_keep_the_size_of_the_slice(thick: ImageRef) -> None:
    segmenter = load_model("tiny-litemedsam")
    segmenter.card = replace(segmenter.card, prompts=("box",))  # as the real one, which obeys no clicks
    predictor = on("coronal", thick, segmenter)
    click = PromptSet(Points([(9, 3), (1, 1)], [1, 0]))
    (first, *_) = answer_slice(predictor, SliceQuestion(thick, "coronal", 10, click)).masks
    wrong = np.zeros_like(first)
    wrong[0:4, 0:2] = True
    told = answer_slice(predictor, SliceQuestion(thick, "coronal", 10, replace(BOX, points=click.points), wrong))
    assert {mask.shape for mask in (first, *told.masks)} == {(20, 8)}
    assert told.masks[0][9, 3]
    assert not told.masks[0][1, 1]
    drawn = np.zeros_like(first)
    drawn[6:14, 2:5] = True
    volume = answer_volume(predictor, VolumeQuestion(thick, "coronal", {}, {10: drawn}, bounds=(9, 11)))
    np.testing.assert_array_equal(volume.masks[10], drawn)
    assert all(mask.shape == (20, 8) for mask in volume.masks.values())


def test_what_was_embedded_in_advance_is_found_on_the_disk(thick: ImageRef, tmp_path: Path) -> None:
    cache = EmbeddingCache(ArrayStore(tmp_path / "store", limit=10**8))
    segmenter = load_model("tiny-litemedsam")
    volume = Volumes(EngineSettings(), None).volume(thick)
    VolumePredictor(segmenter, volume, plane="coronal", modality="MR", framing="square", cache=cache).embed(4)
    predictor = Volumes(EngineSettings(), cache).predictor(Loaded(segmenter, {}), thick, "coronal")
    predictor.embed(4)
    assert (predictor.encode_calls, predictor.read_calls) == (0, 1)
