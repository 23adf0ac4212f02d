"""Tokens that stand for a target."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.adapt import _tokens
from samaritan.adapt._tokens import NameNorm, TableTokens, TextTokens
from samaritan.core import ModelError, PromptError

HIDDEN = 8


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A text encoder of our own; the list holds what it was asked."""
    asked: list[str] = []

    def encode(text: str, kind: str, place: str) -> Tensor:
        asked.append(text)
        if text == "unreachable":
            raise ModelError("The encoder is not on this machine.")
        generator = torch.Generator().manual_seed(sum(map(ord, text)))
        return torch.randn(384, generator=generator)

    monkeypatch.setattr(_tokens, "encode_text", encode)
    return asked


def source(labels: tuple[str, ...] = ("liver", "spleen"), norm: Any = "layer", *, stored: bool = False) -> TextTokens:
    torch.manual_seed(0)
    return TextTokens(labels, "sentence", "", HIDDEN, norm, stored=stored)


def test_table_tokens_are_looked_up_by_name() -> None:
    tokens = TableTokens(("liver", "spleen"), torch.full((HIDDEN,), 2.0), count=3)
    found = tokens(["spleen", "liver", "spleen"])
    assert found.shape == (3, 1, 3, HIDDEN)
    assert torch.equal(found[0, 0], tokens.table[1])
    assert torch.equal(found[1, 0], tokens.table[0])
    assert torch.equal(found[2], found[0])
    with pytest.raises(PromptError, match="has not learned 'heart'"):
        tokens(["heart"])


def test_table_tokens_start_near_the_given_one_and_differ() -> None:
    tokens = TableTokens(("liver", "spleen"), torch.full((HIDDEN,), 2.0), count=2)
    assert (tokens.table - 2).abs().max() < 0.2
    flat = tokens.table.detach().flatten(0, 1)
    assert len(torch.unique(flat, dim=0)) == 4


def test_the_affine_layer_by_hand(encoded: list[str]) -> None:
    tokens = source()
    liver = functional.relu(tokens.embeddings[0] @ tokens.affine.weight.T + tokens.affine.bias)
    wanted = (liver - liver.mean()) / (liver.var(correction=0) + 1e-5).sqrt()
    found = tokens(["spleen", "liver"])
    assert found.shape == (2, 1, 1, HIDDEN)
    torch.testing.assert_close(found[1, 0, 0], wanted)


def test_the_affine_layer_of_the_paper_has_131840_parameters() -> None:
    tokens = TextTokens(("liver",), "clip", "", 256, "batch", stored=True)
    assert sum(p.numel() for p in tokens.parameters()) == 131_840


def test_embeddings_are_kept_and_not_trained(encoded: list[str]) -> None:
    tokens = source()
    assert encoded == ["liver", "spleen"]
    assert set(tokens.state_dict()) >= {"embeddings", "affine.weight", "affine.bias"}
    tokens(["liver"]).sum().backward()
    assert not tokens.embeddings.requires_grad
    assert tokens.affine.weight.grad is not None
    assert encoded == ["liver", "spleen"]


def test_filling_from_a_file_needs_no_encoder(encoded: list[str]) -> None:
    state = source().state_dict()
    encoded.clear()
    tokens = source(stored=True)
    tokens.load_state_dict(state)
    assert torch.equal(tokens(["liver"]), source()(["liver"]))
    assert encoded == ["liver", "spleen"]  # of the one that it was compared with


def test_a_new_text_is_encoded_when_it_is_asked_for(encoded: list[str], caplog: pytest.LogCaptureFixture) -> None:
    tokens = source()
    with caplog.at_level(logging.WARNING):
        found = tokens(["hepar", "liver"])
    assert encoded[-1] == "hepar"
    assert not torch.equal(found[0], found[1])
    assert "'hepar' is understood by its words alone" in caplog.text
    assert torch.equal(source(())(["liver"]), source(("liver",))(["liver"]))


def test_a_new_text_without_its_encoder_is_an_error_with_the_known_names(encoded: list[str]) -> None:
    with pytest.raises(ModelError, match=r"trained on 'liver', 'spleen' and not on 'unreachable'\. The encoder is not"):
        source()(["unreachable"])


def test_a_question_without_a_name(encoded: list[str]) -> None:
    assert torch.equal(source(("liver",))([None]), source(("liver",))(["liver"]))
    with pytest.raises(PromptError, match="names none; it knows 'liver', 'spleen'"):
        source()([None])


def test_batch_normalisation_works_for_one_name_and_asks_no_neighbour_in_evaluation(encoded: list[str]) -> None:
    tokens = source(norm="batch")
    tokens.train()
    assert torch.isfinite(tokens(["liver"])).all()
    norm = tokens.norm
    assert isinstance(norm, NameNorm)
    assert norm.num_batches_tracked == 0
    tokens(["liver", "spleen", "liver"])
    assert norm.num_batches_tracked == 1
    tokens.eval()
    torch.testing.assert_close(tokens(["liver", "spleen"])[:1], tokens(["liver"]))


def test_batch_normalisation_counts_each_name_once(encoded: list[str]) -> None:
    tokens = source(norm="batch").train()
    assert isinstance(tokens.norm, nn.BatchNorm1d)
    often = tokens(["liver", "liver", "liver", "spleen"])
    torch.testing.assert_close(often[2:], tokens(["liver", "spleen"]))
