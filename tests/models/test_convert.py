"""Checkpoints as safetensors: published names, recognised, refused where they fit in part, and loading to the same bits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from samaritan.core import ModelError, ResourceError, UsageError
from samaritan.models import MODELS, load_model
from samaritan.models._convert import convert_weights
from samaritan.models._keys import published_names
from samaritan.models._source import WeightSource
from samaritan.models._verify import file_sha256
from samaritan.models._weights import read_weights, tensors_sha256


def _state(model: str) -> dict[str, Tensor]:
    """The model's tensors under their published names."""
    network = load_model(model).network
    names = published_names(network.state_dict())
    return {names[ours]: tensor for ours, tensor in network.state_dict().items()}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """As a training script saves it."""
    path = tmp_path / "last.pth"
    state = {f"module.{name}": tensor for name, tensor in _state("tiny-sam").items()}
    torch.save({"model": state, "epoch": 3}, path)
    return path


def test_a_checkpoint_is_recognised_and_loads_to_the_same_bits(checkpoint: Path, tmp_path: Path, cache: Path) -> None:
    out = tmp_path / "sam.safetensors"
    made = convert_weights(checkpoint, out)

    assert (made.model, made.path, made.published) == ("tiny-sam", out, False)
    assert made.tensors == len(_state("tiny-sam"))
    assert made.tensors_sha256 == tensors_sha256(_state("tiny-sam"))
    with safe_open(out, "pt") as stream:
        about = stream.metadata()
    assert about == {
        "format": "pt", "model": "tiny-sam", "licence": "Apache-2.0", "source": "last.pth",
        "source_sha256": file_sha256(checkpoint), "published": "no",
    }  # fmt: skip
    again = load_model("tiny-sam", weights=out, allow_unverified=True).network.state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in load_model("tiny-sam").network.state_dict().items())


@pytest.mark.slow
def test_the_published_file_needs_no_flag_afterwards(tmp_path: Path, cache: Path) -> None:
    path = MODELS.get("litemedsam").find()
    assert path is not None
    made = convert_weights(path, tmp_path / "lite.safetensors")

    assert (made.model, made.published) == ("litemedsam", True)
    ours = load_model("litemedsam", weights=made.path).network.state_dict()
    theirs = torch.load(path, weights_only=True)
    assert all(torch.equal(ours[name], theirs[published]) for name, published in published_names(ours).items())


def test_a_converted_file_is_known_by_the_tensors_of_the_verified_one(
    checkpoint: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the checksum of the file is published, but nobody knows that of its tensors."""
    source = WeightSource("tiny-sam", "last.pth", "", file_sha256(checkpoint), checkpoint.stat().st_size)
    monkeypatch.setitem(MODELS._entries, "tiny-sam", replace(MODELS.get("tiny-sam"), source=source))
    out = tmp_path / "sam.safetensors"
    assert convert_weights(checkpoint, out).published

    assert len(read_weights(source, out)) == len(_state("tiny-sam"))
    out.write_bytes(out.read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(ModelError, match="--allow-unverified"):
        read_weights(source, out)


def test_the_file_of_another_model_is_refused_with_keys(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"does not hold tiny-litemedsam, \d+ tensors do not fit: missing image_encoder"
    ):
        convert_weights(checkpoint, tmp_path / "o.safetensors", model="tiny-litemedsam")
    assert not (tmp_path / "o.safetensors").exists()


def test_a_file_that_fits_in_part_is_refused_with_keys(tmp_path: Path) -> None:
    state = _state("tiny-sam")
    state["mask_decoder.iou_token.weight"] = torch.ones(3, 3)
    lost = next(name for name in state if name.endswith("qkv.weight"))
    del state[lost]
    torch.save(state, tmp_path / "cut.pth")

    with pytest.raises(ModelError) as caught:
        convert_weights(tmp_path / "cut.pth", tmp_path / "o.safetensors")
    assert "looks like tiny-sam, but 2 tensors do not fit: " in str(caught.value)
    assert f"missing {lost}" in str(caught.value)
    assert "mask_decoder.iou_token.weight has (3, 3), needed is (1, 32)" in str(caught.value)


def test_a_file_of_no_model_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pth")
    with pytest.raises(ModelError, match=r"fits no model here: it holds 1 tensors, such as a; known are .*litemedsam"):
        convert_weights(tmp_path / "a.pth", tmp_path / "o.safetensors")


@pytest.mark.slow
def test_two_models_with_the_same_tensors_are_told_apart_by_checksum_or_not_at_all(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = MODELS.get("tiny-sam")
    monkeypatch.setitem(MODELS._entries, "twin", replace(entry, card=replace(entry.card, name="twin")))
    with pytest.raises(
        ModelError, match="fits tiny-sam and twin, which have the same tensors; say which it is with -m"
    ):
        convert_weights(checkpoint, tmp_path / "o.safetensors")
    assert convert_weights(checkpoint, tmp_path / "o.safetensors", model="twin").model == "twin"

    source = WeightSource("twin", "last.pth", "", file_sha256(checkpoint), checkpoint.stat().st_size)
    monkeypatch.setitem(MODELS._entries, "twin", replace(MODELS.get("twin"), source=source))
    assert convert_weights(checkpoint, tmp_path / "p.safetensors").model == "twin"


def test_outputs_are_kept_and_named_well(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.safetensors"):
        convert_weights(checkpoint, tmp_path / "o.pth")
    out = tmp_path / "o.safetensors"
    out.write_text("mine")
    with pytest.raises(ResourceError, match="exists already"):
        convert_weights(checkpoint, out)
    assert out.read_text() == "mine"
    convert_weights(checkpoint, out, overwrite=True)
    with pytest.raises(UsageError, match="is the file that is read"):
        convert_weights(out, out, overwrite=True)


def test_others_may_read_what_was_written(checkpoint: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    made = convert_weights(checkpoint, tmp_path / "o.safetensors")
    assert made.path.stat().st_mode == plain.stat().st_mode
