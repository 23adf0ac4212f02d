"""Learned tokens for each target."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from samaritan.adapt import attach
from samaritan.core import Box, ModelError, PromptError, PromptSet, UsageError
from samaritan.models._sam import SamSegmenter

LABELS = ("liver", "spleen", "heart")
BOX = Box([3, 4], [15, 20])


def answer(segmenter: SamSegmenter, text: str | None, box: Box | None = None) -> Any:
    picture = np.random.default_rng(0).uniform(0, 255, (20, 30, 3)).astype(np.float32)
    return segmenter.decode(segmenter.encode(picture), [PromptSet(box=box, text=text)])[0].logits


def test_a_target_has_as_many_tokens_as_asked_for(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "class-prompt", {"tokens": 4, "train": ()}, labels=LABELS)
    assert adapted.counts().trained == 3 * 4 * 32
    assert {name: tuple(t.shape) for name, t in adapted.state().items()} == {"token.0.table": (3, 4, 32)}


def test_the_name_chooses_with_a_box_and_alone(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "class-prompt", labels=LABELS)
    with torch.no_grad():
        adapted.named_trainable()["token.0.table"][1].add_(3.0)
    for box in (BOX, None):
        assert np.abs(answer(tiny_sam, "liver", box) - answer(tiny_sam, "spleen", box)).max() > 1e-3
    assert np.abs(answer(tiny_sam, "spleen", BOX) - answer(tiny_sam, "spleen")).max() > 1e-3


def test_tokens_start_near_the_one_that_sam_appends_to_points(tiny_sam: SamSegmenter) -> None:
    network = tiny_sam.network
    start = network.prompt_encoder.not_a_point_embed.weight
    adapted = attach(tiny_sam, "class-prompt", labels=LABELS)
    table = adapted.named_trainable()["token.0.table"]
    assert (table - start).abs().max() < 0.2


def test_other_labels_order_moves_the_tokens_with_their_names(tiny_litemedsam: SamSegmenter) -> None:
    first = attach(tiny_litemedsam, "class-prompt", labels=LABELS)
    with torch.no_grad():
        first.named_trainable()["token.0.table"].add_(torch.arange(3.0)[:, None, None])
    state = first.state()
    expected = [answer(tiny_litemedsam, text, BOX) for text in LABELS]
    first.detach()
    order = [2, 0, 1]
    second = attach(tiny_litemedsam, "class-prompt", labels=[LABELS[n] for n in order])
    second.load_state({**state, "token.0.table": state["token.0.table"][order]})
    np.testing.assert_array_equal([answer(tiny_litemedsam, text, BOX) for text in LABELS], expected)


def test_unknown_and_missing_names(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "class-prompt", labels=LABELS)
    with pytest.raises(
        PromptError, match="has not learned 'livre', only 'liver', 'spleen', 'heart'; did you mean 'liver'"
    ):
        answer(tiny_sam, "livre")
    with pytest.raises(PromptError, match="names none; it knows"):
        answer(tiny_sam, None)
    adapted.detach()
    with pytest.raises(UsageError, match="class-prompt learns targets by name"):
        attach(tiny_sam, "class-prompt")
    attach(tiny_sam, "class-prompt", labels=["liver"])
    np.testing.assert_array_equal(answer(tiny_sam, None, BOX), answer(tiny_sam, "liver", BOX))


def test_an_adapter_of_other_targets_does_not_fit(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "class-prompt", labels=LABELS)
    state = adapted.state()
    adapted.detach()
    with pytest.raises(ModelError, match=r"token\.0\.table is \(3, 1, 32\) instead of \(2, 1, 32\)"):
        attach(tiny_sam, "class-prompt", labels=LABELS[:2]).load_state(state)
