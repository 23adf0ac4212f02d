"""SAM-HQ's mask decoder: what it adds to SAM's. Against ``transformers`` it is compared in test_strict."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from samaritan.core import Box, InputError, MaskHint, Points, PromptSet
from samaritan.models import Embedding, load_model
from samaritan.models._hq_mask_decoder import HqMaskDecoder
from samaritan.models._sam import SamSegmenter

PROMPTS = [
    PromptSet(box=Box([10, 5], [60, 40])),
    PromptSet(Points([[20, 30]], [1])),
    PromptSet(mask=MaskHint.from_mask(np.eye(90, 50) > 0)),
]


@pytest.fixture
def segmenter() -> SamSegmenter:
    found = load_model("tiny-sam-hq")
    assert isinstance(found, SamSegmenter)
    return found


@pytest.fixture
def embedding(segmenter: SamSegmenter) -> Embedding:
    return segmenter.encode(np.random.default_rng(0).uniform(0, 255, (90, 50, 3)).astype(np.float32))


def test_without_its_own_weights_it_is_sams(segmenter: SamSegmenter, embedding: Embedding) -> None:
    """Zero weights behind the token in high quality: what is left is SAM's decoder with one more token."""
    decoder = segmenter.network.mask_decoder
    assert isinstance(decoder, HqMaskDecoder)
    before = segmenter.decode(embedding, PROMPTS)
    with torch.no_grad():
        for parameter in decoder.hq_mask_mlp.proj_out.parameters():
            parameter.zero_()
    plain = segmenter.decode(embedding, PROMPTS)
    with torch.no_grad():
        decoder.compress_vit_conv2.weight.add_(1)
    assert all(
        np.array_equal(a.logits, b.logits) for a, b in zip(plain, segmenter.decode(embedding, PROMPTS), strict=True)
    )
    for one, other in zip(before, plain, strict=True):
        assert np.array_equal(one.quality, other.quality)
        assert np.abs(one.logits - other.logits).max() > 1e-2


def test_every_candidate_gets_the_same_mask_added(segmenter: SamSegmenter, embedding: Embedding) -> None:
    decoder = segmenter.network.mask_decoder
    whole = segmenter.decode(embedding, PROMPTS, multimask=True)
    with torch.no_grad():
        for parameter in decoder.hq_mask_mlp.proj_out.parameters():
            parameter.zero_()
    for one, other in zip(whole, segmenter.decode(embedding, PROMPTS, multimask=True), strict=True):
        added = one.low_res - other.low_res
        np.testing.assert_allclose(added, np.broadcast_to(added[:1], added.shape), atol=1e-4)


def test_early_and_final_features_both_count(segmenter: SamSegmenter, embedding: Embedding) -> None:
    (before,) = segmenter.decode(embedding, PROMPTS[:1])
    features = embedding.features["image"]
    for channels in (slice(0, 32), slice(32, 64)):
        changed = features.clone()
        changed[:, channels] += 0.5
        (after,) = segmenter.decode(Embedding({"image": changed}, embedding.shape), PROMPTS[:1])
        assert np.abs(after.logits - before.logits).max() > 1e-2


def test_an_embedding_without_early_features_is_refused(segmenter: SamSegmenter, embedding: Embedding) -> None:
    plain = Embedding({"image": embedding.features["image"][:, :32]}, embedding.shape)
    with pytest.raises(InputError, match=r"not of tiny-sam-hq: .*needed is .*\(1, 64, 8, 8\)"):
        segmenter.decode(plain, PROMPTS[:1])


def test_the_quick_decoder_leaves_it_alone(segmenter: SamSegmenter) -> None:
    assert not segmenter._picture_decoder.applies()
