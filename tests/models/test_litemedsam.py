"""LiteMedSAM against the authors' own network; scripts/parity/litemedsam.sh makes the reference tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.core import Box, MaskHint, Points, PromptSet
from samaritan.models import Embedding, Prediction, Segmenter
from samaritan.models.litemedsam import CARD, SOURCE

REFERENCE = Path(__file__).parent / "litemedsam_parity.npz"
TOLERANCE = 1e-4
#: The prompt whose answer the last prompt gets back as a mask, and that last prompt.
HINT, HINTED = 1, 6

Picture = dict[str, NDArray[Any]]


@pytest.fixture(scope="module", params=["axial", "coronal", "sagittal", "colour"])
def expected(request: pytest.FixtureRequest) -> Picture:
    with np.load(REFERENCE) as file:
        return {key.partition("/")[2]: file[key] for key in file.files if key.startswith(f"{request.param}/")}


@pytest.fixture(scope="module")
def embedding(expected: Picture, litemedsam: Segmenter) -> Embedding:
    picture = expected["picture"].swapaxes(0, 1).astype(np.float32)  # kept (y, x, c), grey ones with one channel
    return litemedsam.encode(np.repeat(picture, 3 // picture.shape[2], axis=2))


def _prompt(expected: Picture, index: int, hint: Prediction | None) -> PromptSet:
    points, box = expected[f"{index}/points"], expected[f"{index}/box"]
    return PromptSet(
        Points(points[:, :2], points[:, 2]) if len(points) else None,
        Box(box[:2], box[2:]) if len(box) else None,
        MaskHint(hint.low_res[0], "model") if hint else None,
    )


def test_the_embedding_is_the_authors(expected: Picture, embedding: Embedding) -> None:
    features = embedding.features["image"][0].numpy()

    assert np.abs(features[:, 4::8, 4::8] - expected["embedding"]).max() <= TOLERANCE
    assert np.abs(features.mean(axis=(1, 2)) - expected["embedding_mean"]).max() <= TOLERANCE
    assert np.abs(features.std(axis=(1, 2), ddof=1) - expected["embedding_std"]).max() <= TOLERANCE
    assert expected["embedding"].std() > 0.05  # there is something to compare


def test_logits_quality_and_masks_are_the_authors(
    expected: Picture, embedding: Embedding, litemedsam: Segmenter
) -> None:
    prompts = [_prompt(expected, index, None) for index in range(HINTED)]
    answers = litemedsam.decode(embedding, prompts)
    answers += litemedsam.decode(embedding, [_prompt(expected, HINTED, answers[HINT])])
    for index, answer in enumerate(answers):
        _compare(answer, expected, index, candidates=slice(0, 1))
        x, y = embedding.shape
        mask = np.unpackbits(expected[f"{index}/mask"], count=x * y).reshape(y, x).T.astype(bool)
        assert np.array_equal(answer.masks[0], mask), index


def test_three_candidates_are_the_authors(expected: Picture, embedding: Embedding, litemedsam: Segmenter) -> None:
    asked = (1, 4)  # a box, two clicks
    prompts = [_prompt(expected, index, None) for index in asked]
    for index, answer in zip(asked, litemedsam.decode(embedding, prompts, multimask=True), strict=True):
        _compare(answer, expected, index, candidates=slice(1, 4))


def _compare(answer: Prediction, expected: Picture, index: int, candidates: slice) -> None:
    low_res = answer.low_res[:, 8::16, 8::16]
    assert np.abs(low_res - expected[f"{index}/logits"][candidates]).max() <= TOLERANCE, index
    assert np.abs(answer.quality - expected[f"{index}/quality"][candidates]).max() <= TOLERANCE, index


def test_boxes_of_the_reference_are_not_empty() -> None:
    with np.load(REFERENCE) as file:
        assert all(np.unpackbits(file[f"{name}/0/mask"]).mean() > 0.05 for name in ("axial", "coronal", "sagittal"))


def test_a_box_is_answered_where_it_stands(litemedsam: Segmenter) -> None:
    """A block right and up in a picture that is not square: x and y cannot be confused."""
    picture = np.random.default_rng(0).uniform(0, 60, (180, 100, 3)).astype(np.float32)
    block = np.zeros((180, 100), bool)
    block[120:160, 10:50] = True
    picture[block] += 150

    (answer,) = litemedsam.decode(litemedsam.encode(picture), [PromptSet(box=Box([120, 10], [159, 49]))])

    mask = answer.masks[0]
    assert 2 * (mask & block).sum() / (mask.sum() + block.sum()) > 0.9


def test_the_card_tells_the_truth(litemedsam: Segmenter) -> None:
    trained = sum(p.numel() for p in litemedsam.network.parameters() if p.requires_grad)

    assert CARD.parameters == trained == 9_791_300
    assert (CARD.sha256, CARD.size, CARD.url) == (SOURCE.sha256, SOURCE.size, SOURCE.url)
    assert CARD.licence == "Apache-2.0"
    assert len(litemedsam.network.state_dict()) == 435
