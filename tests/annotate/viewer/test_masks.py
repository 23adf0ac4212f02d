"""Masks, previews and marks over the slices."""

from __future__ import annotations

import numpy as np
import pytest

from tests.annotate.viewer.conftest import Pixels, Stage

pytestmark = pytest.mark.browser  # a browser's loop would stay in the process of other tests

SIDE = 580 / 20  # pixels of a voxel: 20 x 20 fill the height of the page, but for its margin
LEFT, TOP = 450 - 290, 10


def at(pixels: Pixels, i: float, j: float) -> list[int]:
    """Colour in the middle of voxel (i, j) of the slice."""
    return [int(v) for v in pixels[round(TOP + (19.5 - j) * SIDE), round(LEFT + (19.5 - i) * SIDE)]]


@pytest.fixture
def flat(stage: Stage) -> Stage:
    """A black volume of 20 x 20 x 3 with object 1 in [4:8, 4:8, 1] and object 2 in [12:16, 4:8, 1], one plane shown."""
    labels = np.zeros((20, 20, 3), np.uint8)
    labels[4:8, 4:8, 1] = 1
    labels[12:16, 4:8, 1] = 2
    voxels = np.zeros(labels.shape, np.uint8)
    voxels[0, 0, 0] = 255
    stage.add("flat", voxels, np.eye(4), labels)
    stage.open("flat")
    stage.viewer("setLayout('axial')")
    stage.viewer("setWindow(0, 255)")
    stage.viewer("setColours(new Map([[1, '#ff8000'], [2, '#0080ff']]))")
    stage.viewer("moveTo([0, 19, 1])")  # the crosshair is out of the way
    return stage


def test_objects_have_their_colours_and_opacity(flat: Stage) -> None:
    pixels = flat.pixels()
    np.testing.assert_allclose(at(pixels, 5, 5), (128, 64, 0), atol=1)
    np.testing.assert_allclose(at(pixels, 13, 5), (0, 64, 128), atol=1)
    assert at(pixels, 10, 5) == [0, 0, 0]
    flat.viewer("setLook({opacity: 1, outline: false, smooth: false})")
    assert at(flat.pixels(), 5, 5) == [255, 128, 0]


def test_objects_without_a_colour_are_hidden(flat: Stage) -> None:
    flat.viewer("setLook({opacity: 1, outline: true, smooth: false})")
    flat.viewer("setColours(new Map([[2, '#0080ff']]))")
    pixels = flat.pixels()
    assert at(pixels, 5, 5) == [0, 0, 0]
    assert at(pixels, 13, 5) == [0, 128, 255]


def test_masks_are_seen_on_their_slices_only(flat: Stage) -> None:
    flat.viewer("step('axial', 1)")
    assert at(flat.pixels(), 5, 5) == [0, 0, 0]
    flat.viewer("step('axial', -1)")
    assert at(flat.pixels(), 5, 5) != [0, 0, 0]


def test_outline_runs_along_the_edges_of_the_voxels(flat: Stage) -> None:
    flat.viewer("setLook({opacity: 0, outline: true, smooth: false})")
    pixels = flat.pixels()
    y, x = np.nonzero((pixels[..., 0] > 150) & (pixels[..., 2] < 60))
    assert abs((x.min() + x.max() + 1) / 2 - (LEFT + 14 * SIDE)) <= 1
    assert abs(x.max() + 1 - x.min() - 4 * SIDE) <= 4
    assert abs(y.max() + 1 - y.min() - 4 * SIDE) <= 4
    assert at(pixels, 5, 5) == [0, 0, 0]


def test_patch_changes_its_box_and_nothing_else(flat: Stage) -> None:
    before = flat.pixels()
    flat.viewer("patch([{low: [14, 14, 1], shape: [2, 1, 1], values: Uint8Array.of(2, 0)}])")
    after = flat.pixels()
    np.testing.assert_allclose(at(after, 14, 14), (0, 64, 128), atol=1)
    y, x = np.nonzero((before != after).any(axis=-1))
    assert LEFT + 5 * SIDE - 1 <= x.min() <= x.max() <= LEFT + 6 * SIDE + 1
    assert TOP + 5 * SIDE - 1 <= y.min() <= y.max() <= TOP + 6 * SIDE + 1


def test_patches_leave_the_array_of_the_caller_alone(flat: Stage) -> None:
    found = flat.page.evaluate(
        """async () => {
             const [picture, labels] = await harness.find("flat");
             await harness.viewer.load(picture, labels);
             harness.viewer.patch([{low: [0, 0, 0], shape: [1, 1, 1], values: Uint8Array.of(7)}]);
             return labels[0];
           }"""
    )
    assert found == 0


def test_many_patches_look_like_the_labels_they_make(stage: Stage) -> None:
    rng = np.random.default_rng(8)
    shape = (300, 280, 6)  # more than one block of outlines
    labels = np.zeros(shape, np.uint8)
    stage.add("patched", np.zeros(shape, np.uint8), np.diag([1.0, 1, 20, 1]), labels)
    stage.open("patched")
    stage.viewer("setLook({opacity: 0.5, outline: true, smooth: false})")
    stage.viewer("setColours(new Map([[1, '#ff8000'], [2, '#0080ff']]))")
    for _ in range(30):
        size = rng.integers(1, (120, 120, 6))
        low = [int(rng.integers(0, n - s + 1)) for n, s in zip(shape, size, strict=True)]
        values = rng.integers(0, 3) * (rng.random(size) < rng.choice([0.5, 1])).astype(np.uint8)
        labels[tuple(slice(a, a + s) for a, s in zip(low, size, strict=True))] = values
        flat = values.ravel(order="F").tolist()
        stage.viewer(f"patch([{{low: {low}, shape: {size.tolist()}, values: Uint8Array.from({flat})}}])")
        if rng.random() < 0.3:
            stage.run("frame()")
    patched = stage.pixels()
    stage.add("whole", np.zeros(shape, np.uint8), np.diag([1.0, 1, 20, 1]), labels)
    stage.open("whole")
    stage.viewer("setLook({opacity: 0.5, outline: true, smooth: false})")
    stage.viewer("setColours(new Map([[1, '#ff8000'], [2, '#0080ff']]))")
    assert patched.std() > 10
    assert (stage.pixels() == patched).mean() > 0.999  # lines through a corner of two pixels may turn either way


def test_patch_that_does_not_fit_is_refused(flat: Stage) -> None:
    before = flat.pixels()
    sentence = flat.page.evaluate(
        """() => { try { harness.viewer.patch([{low: [19, 0, 0], shape: [2, 1, 1], values: Uint8Array.of(1, 1)}]); }
                   catch (error) { return error.message; } }"""
    )
    assert "does not fit a grid of 20 x 20 x 3" in sentence
    assert (before == flat.pixels()).all()


def test_preview_is_hatched_and_can_be_taken_away(flat: Stage) -> None:
    flat.viewer("step('axial', 1)")
    other = flat.pixels()
    flat.viewer("step('axial', -1)")
    before = flat.pixels()
    flat.viewer("preview({low: [4, 12, 1], shape: [6, 6, 1], values: new Uint8Array(36).fill(1)}, '#00ff00')")
    changed = (flat.pixels() != before).any(axis=-1)
    box = changed[round(TOP + 2 * SIDE) : round(TOP + 8 * SIDE), round(LEFT + 10 * SIDE) : round(LEFT + 16 * SIDE)]
    assert changed.sum() - box.sum() < 800  # half of the line's width lies outside
    assert 0.15 < box.mean() < 0.6  # what lies below can be seen between the lines
    flat.viewer("step('axial', 1)")
    assert (flat.pixels() == other).all()
    flat.viewer("step('axial', -1)")
    flat.viewer("preview(null, '#00ff00')")
    assert (flat.pixels() == before).all()


@pytest.mark.parametrize(
    "mark",
    [
        "{kind: 'point', at: [10, 10, 1], positive: true}",
        "{kind: 'point', at: [10, 10, 1.4], positive: false, plane: 'axial'}",
        "{kind: 'box', a: [3, 3, 1], b: [12, 12, 1], plane: 'axial'}",
        "{kind: 'box', a: [3, 3, 1], b: [12, 12, 1], plane: 'axial', dashed: true}",
        "{kind: 'line', path: [[3, 3, 1], [8, 12, 1]], plane: 'axial', positive: false}",
        "{kind: 'line', path: [[3, 3, 1], [8, 12, 1], [12, 3, 1]], plane: 'axial', closed: true, width_mm: 2}",
        "{kind: 'disc', at: [10, 10, 1], plane: 'axial', radius: 4}",
    ],
)
def test_marks_are_seen_where_they_lie(flat: Stage, mark: str) -> None:
    before = flat.pixels()
    flat.viewer(f"setMarks([{mark}])")
    assert (flat.pixels() != before).any()
    flat.viewer("step('axial', 1)")
    elsewhere = flat.pixels()
    flat.viewer("setMarks([])")
    assert (flat.pixels() == elsewhere).all()
    flat.viewer("step('axial', -1)")
    assert (flat.pixels() == before).all()


def test_marks_have_their_places(flat: Stage) -> None:
    before = flat.pixels()
    flat.viewer("setMarks([{kind: 'disc', at: [10, 10, 1], plane: 'axial', radius: 4}])")
    y, x = np.nonzero((flat.pixels() != before).any(axis=-1))
    middle = (LEFT + 9.5 * SIDE, TOP + 9.5 * SIDE)
    np.testing.assert_allclose(((x.min() + x.max() + 1) / 2, (y.min() + y.max() + 1) / 2), middle, atol=1)
    np.testing.assert_allclose((x.max() - x.min(), y.max() - y.min()), 8 * SIDE, atol=6)


def test_positive_and_negative_points_differ_in_shape(flat: Stage) -> None:
    before = flat.pixels()
    shapes = []
    for positive in ("true", "false"):
        flat.viewer(f"setMarks([{{kind: 'point', at: [10, 10, 1], positive: {positive}}}])")
        shapes.append((flat.pixels() != before).any(axis=-1))
    assert (shapes[0] ^ shapes[1]).sum() > 50


def test_marks_of_another_plane_are_not_shown(flat: Stage) -> None:
    before = flat.pixels()
    flat.viewer("setMarks([{kind: 'point', at: [10, 10, 1], positive: true, plane: 'coronal'}])")
    assert (flat.pixels() == before).all()
