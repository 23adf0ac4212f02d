"""From cases to pictures and soft masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.core import Geometry, GeometryError, InputError, LabelMap, Volume
from samaritan.datasets._base import Case
from samaritan.models._sam import SamSegmenter
from samaritan.predict.volume import VolumePredictor
from samaritan.train import TrainConfig
from samaritan.train._examples import Example, examples_of, label_names, stack_of

CONFIG = TrainConfig(data=("-",), intensity="asis")

Array = NDArray[Any]


def case(labels: Array | Mapping[str, Array], image: Array | None = None, **fields: Any) -> Case:
    """A case with axes (x, y, slice) in the order in which pictures are shown; pictures are numbered by their grey values."""
    raters = labels if isinstance(labels, Mapping) else {"reference": labels}
    shape = next(iter(raters.values())).shape
    if image is None:
        image = np.broadcast_to(np.arange(shape[2]) * 10.0, shape).astype(np.float32)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])  # LPS: pictures are shown as they are stored
    volume = Volume(image, Geometry(image.shape[:3], affine))
    readers = {name: _reader(array, affine) for name, array in raters.items()}
    values: dict[str, Any] = {"modality": None} | fields
    return Case("set", "case", "anna", sources=(), read_image=lambda: volume, read_references=readers, **values)


def _reader(array: Array, affine: Array) -> Any:
    return lambda: LabelMap(array.astype(np.uint8), Geometry(array.shape, affine))


def only(examples: list[Example]) -> Example:
    assert len(examples) == 1
    return examples[0]


def test_a_small_picture_stays_as_it_is(segmenter: SamSegmenter) -> None:
    labels = np.zeros((40, 32, 1))
    labels[5:9, 20:30] = 3
    image = np.random.default_rng(0).uniform(0, 255, (40, 32, 1)).astype(np.float32)
    made = case(labels, image, names={3: "liver"})
    example = only(examples_of([made], segmenter, CONFIG))
    assert (example.key, example.patient, example.shape, example.place) == ("set/case/0", "anna", (40, 32), 0)
    assert example.targets[0].name == "liver"
    assert np.array_equal(example.targets[0].mask, labels[..., 0] > 0)
    seen = VolumePredictor(segmenter, made.read_image(), intensity="asis").picture(0)
    assert np.array_equal(example.pictures[0], seen.astype(np.float16))


def test_a_large_picture_is_shrunk_to_the_square_and_masks_keep_their_share(segmenter: SamSegmenter) -> None:
    labels = np.zeros((256, 128, 1))
    labels[33:130, 17:90] = 1
    example = only(examples_of([case(labels)], segmenter, CONFIG))
    assert example.shape == (64, 32)
    mask = example.targets[0].mask
    assert mask.sum() * 16 == pytest.approx(labels.sum(), rel=0.01)
    assert ((mask > 0) & (mask < 1)).any()  # soft at the border
    assert mask.min() >= 0
    assert mask.max() <= 1 + 1e-6


def test_thin_structures_survive(segmenter: SamSegmenter) -> None:
    labels = np.zeros((256, 256, 1))
    labels[100, 10:250] = 1  # a quarter of a pixel thick, as the network sees it
    mask = only(examples_of([case(labels)], segmenter, CONFIG)).targets[0].mask
    assert mask.sum() * 16 == pytest.approx(240, rel=0.02)
    assert (mask.max(axis=0)[4:60] > 0.05).all()  # without a gap


def test_every_rater_has_a_mask_and_the_gold_standard_counts(segmenter: SamSegmenter) -> None:
    small, large = np.zeros((32, 32, 1)), np.zeros((32, 32, 1))
    small[4:8, 4:8], large[4:12, 4:12] = 1, 1
    with_gold = only(examples_of([case({"reference": small, "bob": large})], segmenter, CONFIG)).targets[0]
    assert [mask.sum() for mask in with_gold.masks.values()] == [16, 64]
    assert with_gold.mask.sum() == 16
    without = only(examples_of([case({"anna": small, "bob": large})], segmenter, CONFIG)).targets[0]
    assert np.array_equal(np.unique(without.mask), [0, 0.5, 1])
    assert without.mask.sum() == 40


def test_objects_are_a_sample_under_one_name(segmenter: SamSegmenter) -> None:
    labels = np.zeros((60, 60, 1))
    for number in range(16):
        x, y = 15 * (number // 4), 15 * (number % 4)
        labels[x : x + 4, y : y + 4] = number + 1
    made = case(labels, instances=True, names={1: "nucleus"})
    few = CONFIG.model_copy(update={"max_instances": 5})
    targets = only(examples_of([made], segmenter, few)).targets
    assert [target.name for target in targets] == ["nucleus"] * 5
    assert [target.mask.sum() for target in targets] == [16] * 5
    assert len({target.mask.tobytes() for target in targets}) == 5
    again = only(examples_of([made], segmenter, few)).targets
    assert all(np.array_equal(one.mask, other.mask) for one, other in zip(targets, again, strict=True))
    other = only(examples_of([made], segmenter, few.model_copy(update={"seed": 1}))).targets
    assert any(not np.array_equal(one.mask, two.mask) for one, two in zip(targets, other, strict=True))
    assert len(only(examples_of([made], segmenter, CONFIG)).targets) == 16
    assert only(examples_of([case(labels, instances=True)], segmenter, CONFIG)).targets[0].name == "object"


def test_names_come_in_the_order_of_the_data_set(segmenter: SamSegmenter) -> None:
    labels = np.zeros((32, 32, 1))
    for number, value in enumerate((1, 2, 3, 5)):
        labels[8 * number : 8 * number + 6, 4:10] = value
    made = case(labels, names={1: "zeta", 2: "alpha", 3: "mid", 4: "absent"})
    examples = examples_of([made], segmenter, CONFIG)
    names = label_names([made], examples)
    assert names[:3] == ("zeta", "alpha", "mid")
    assert len(names) == 4
    assert "absent" not in names


def test_labelled_slices_are_taken_evenly_spaced(segmenter: SamSegmenter) -> None:
    labels = np.zeros((32, 32, 40))
    labels[4:9, 4:9, 5:37] = 1
    examples = examples_of([case(labels)], segmenter, CONFIG.model_copy(update={"max_slices": 4, "plane": "axial"}))
    assert [example.key for example in examples] == [f"set/case/{k}" for k in (9, 17, 25, 33)]
    everyone = examples_of([case(labels)], segmenter, CONFIG.model_copy(update={"max_slices": 99, "plane": "axial"}))
    assert [example.key for example in everyone] == [f"set/case/{k}" for k in range(5, 37)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9])
def test_stacks_are_those_that_a_volume_is_encoded_in(segmenter: SamSegmenter, count: int) -> None:
    volume = case(np.zeros((8, 8, count))).read_image()
    predictor = VolumePredictor(segmenter, volume, plane="axial")
    depth = min(3, count)
    predictor._depth = depth
    for index in range(count):
        wanted, seen = predictor._stack(index)
        assert stack_of(index, depth, count) == seen
        assert index in wanted


@pytest.mark.parametrize(
    ("count", "index", "stack"),
    [(7, 0, [0, 1, 2]), (7, 4, [3, 4, 5]), (7, 6, [4, 5, 6]), (2, 1, [0, 1]), (1, 0, [0])],
    ids=["first", "inside", "last reaches back", "thinner than the stack", "one slice"],
)
def test_pictures_of_a_stack(segmenter: SamSegmenter, count: int, index: int, stack: list[int]) -> None:
    labels = np.zeros((32, 32, count))
    labels[4:9, 4:9, index] = 1
    image = np.broadcast_to(np.arange(count) * 10.0, labels.shape).astype(np.float32)
    made = case(labels, image)
    config = CONFIG.model_copy(update={"plane": "axial"})
    example = only(examples_of([made], segmenter, config, depth=3))
    whole = VolumePredictor(segmenter, made.read_image(), plane="axial", intensity="asis")
    assert example.pictures[:, 0, 0, 0].tolist() == [float(np.float16(whole.picture(k)[0, 0, 0])) for k in stack]
    assert stack[example.place] == index


def test_masks_off_the_grid_are_refused(segmenter: SamSegmenter) -> None:
    made = case(np.ones((32, 32, 1)), np.zeros((32, 31, 1), np.float32))
    with pytest.raises(GeometryError, match=r"labels of case case \(reference\) do not lie on the image's grid"):
        examples_of([made], segmenter, CONFIG)


def test_cases_without_a_target_that_can_be_seen_are_refused(segmenter: SamSegmenter) -> None:
    speck = np.zeros((32, 32, 1))
    speck[3, 3] = 1
    for labels in (np.zeros((32, 32, 1)), speck):
        with pytest.raises(InputError, match=r"masks of 1 cases \(set\) hold no target large enough"):
            examples_of([case(labels)], segmenter, CONFIG)
    assert examples_of([], segmenter, CONFIG) == []
