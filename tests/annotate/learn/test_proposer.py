from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from samaritan.annotate.learn.proposer import FILE_NAME, Proposer, Shown, cells_of, features_of
from samaritan.core import FormatError, InputError
from samaritan.models import load_model
from samaritan.models._frame import Frame
from samaritan.models._sam import SamSegmenter

SIDE = 8


@pytest.fixture(scope="module")
def frame() -> Frame:
    segmenter = load_model("tiny-litemedsam")
    assert isinstance(segmenter, SamSegmenter)
    return segmenter.frame


def picture(seed: int, labels: int = 1, group: str | None = None) -> Shown:
    """A place that is bright in channel n belongs to label n."""
    rng = np.random.default_rng(seed)
    inside = np.zeros((labels, SIDE, SIDE), np.float32)
    for number in range(labels):
        y, x = rng.integers(0, SIDE - 3, 2)
        inside[number, y : y + 3, x : x + 3] = 1
    channels = np.concatenate([inside * 2, rng.normal(size=(3, SIDE, SIDE))]).astype(np.float32)
    features = features_of(torch.from_numpy(channels)[None])
    return Shown(group or str(seed), features, inside.reshape(labels, -1), np.ones(SIDE * SIDE, np.float32))


def test_features_hold_each_cell_its_surroundings_and_its_place() -> None:
    image = torch.arange(2 * SIDE * SIDE, dtype=torch.float32).reshape(1, 2, SIDE, SIDE)
    found = features_of(image)
    assert found.shape == (SIDE * SIDE, 2 * 3 + 8)
    assert found[:, 0].tolist() == image[0, 0].flatten().tolist()
    assert (found[:, -1] == 1).all()
    middle = 3 * SIDE + 4
    assert found[middle, 2] == pytest.approx(float(image[0, 0, 2:5, 3:6].mean()))
    assert found[[0, SIDE - 1], 6].tolist() == [-1, 1]


def test_it_finds_what_it_was_shown_in_pictures_that_it_was_not_shown(frame: Frame) -> None:
    proposer = Proposer.fit(["a", "b"], [picture(seed, labels=2) for seed in range(6)])
    assert proposer.labels == ("a", "b")
    assert proposer.pictures == 6
    assert min(proposer.found.values()) > 0.8
    unseen = picture(99, labels=2)
    masks = proposer.masks(unseen.features, frame, (frame.side, frame.side))
    for number, mask in enumerate(masks.values()):
        wanted = np.repeat(
            np.repeat(unseen.inside[number].reshape(SIDE, SIDE).T, frame.side // SIDE, 0), frame.side // SIDE, 1
        )
        assert 2 * (mask & (wanted > 0)).sum() / (mask.sum() + (wanted > 0).sum()) > 0.8


def test_pictures_of_a_group_are_left_out_together() -> None:
    """With one group nothing can be left out, so nothing is known of how good it is."""
    proposer = Proposer.fit(["a"], [picture(seed, group="anna") for seed in range(3)])
    assert np.isnan(proposer.found["a"])
    assert proposer.thresholds.tolist() == [0.0]


def test_padding_does_not_count() -> None:
    shown = [picture(seed) for seed in range(4)]
    half = np.ones(SIDE * SIDE, np.float32)
    half[SIDE * SIDE // 2 :] = 0

    def spoilt(one: Shown, value: float) -> Shown:
        features, inside = one.features.copy(), one.inside.copy()
        features[SIDE * SIDE // 2 :] = value
        inside[:, SIDE * SIDE // 2 :] = 0
        return Shown(one.group, features, inside, half)

    found = [Proposer.fit(["a"], [spoilt(one, value) for one in shown]).weights for value in (0.0, 50.0)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-5)


def test_cells_get_the_share_of_a_mask_that_they_hold(frame: Frame) -> None:
    shape = (frame.side, frame.side // 2)
    mask = np.zeros(shape, bool)
    mask[: frame.side // 2] = True
    inside, weight = cells_of([mask, ~mask], frame, shape, SIDE * SIDE)
    rows, places = inside.reshape(2, SIDE, SIDE), weight.reshape(SIDE, SIDE)
    assert (places[: SIDE // 2] == 1).all()
    assert (places[SIDE // 2 :] == 0).all()
    np.testing.assert_allclose(rows[0, : SIDE // 2, : SIDE // 2], 1, atol=0.2)
    assert rows[0, : SIDE // 2, SIDE // 2 + 1 :].max() == 0
    assert rows[1, SIDE // 2 :].max() == 0


def test_a_file_gives_it_back(tmp_path: Path) -> None:
    assert Proposer.beside(None) is None
    assert Proposer.beside(tmp_path / "adapter.safetensors") is None
    proposer = Proposer.fit(["a"], [picture(seed) for seed in range(3)])
    proposer.write(tmp_path / FILE_NAME)
    again = Proposer.beside(tmp_path / "adapter.safetensors")
    assert again is not None
    assert (again.labels, again.found, again.pictures) == (proposer.labels, dict(proposer.found), 3)
    assert (again.weights == proposer.weights).all()
    assert Proposer.beside(tmp_path) is not None


def test_a_damaged_file_and_no_picture_are_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"nothing")
    with pytest.raises(FormatError, match="damaged"):
        Proposer.beside(tmp_path)
    with pytest.raises(InputError, match="Nothing was accepted"):
        Proposer.fit(["a"], [])
