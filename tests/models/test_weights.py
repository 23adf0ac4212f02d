"""Finding, verifying, converting and strictly loading weights."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from samaritan.core import ModelError
from samaritan.models import load_model
from samaritan.models._keys import published_names
from samaritan.models._source import WeightSource, converted_path, find_any, published_path
from samaritan.models._verify import file_sha256
from samaritan.models._weights import load_strictly, read_weights, tensors_sha256
from samaritan.models.litemedsam import SOURCE

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


@pytest.fixture
def source(tmp_path: Path, cache: Path) -> WeightSource:
    """A published file of two tensors, already in the cache."""
    path = tmp_path / "w.pth"
    torch.save(STATE, path)
    made = WeightSource(
        "small", "w.pth", "https://example.org/w", file_sha256(path), path.stat().st_size, tensors_sha256(STATE)
    )
    published_path(made).parent.mkdir(parents=True)
    shutil.move(path, published_path(made))
    return made


def _same(state: dict[str, Tensor]) -> bool:
    return state.keys() == STATE.keys() and all(torch.equal(state[name], STATE[name]) for name in STATE)


def test_the_published_file_is_converted_once(source: WeightSource) -> None:
    assert _same(read_weights(source, None))
    assert converted_path(source).is_file()
    published_path(source).unlink()
    assert _same(read_weights(source, None))
    assert find_any(source) == converted_path(source)


@pytest.mark.parametrize("damage", ["other tensors", "truncated", "empty"])
def test_a_converted_copy_that_is_not_the_published_tensors_is_made_anew(source: WeightSource, damage: str) -> None:
    read_weights(source, None)
    copy = converted_path(source)
    good = copy.read_bytes()
    bad = {"other tensors": good[:-4] + b"\0\0\0\0", "truncated": good[:-4], "empty": b""}[damage]
    copy.write_bytes(bad)

    assert _same(read_weights(source, None))
    assert copy.read_bytes() == good


def test_a_cache_that_cannot_be_written_only_costs_time(
    source: WeightSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    package = published_path(source)
    monkeypatch.setenv("SAMARITAN_CACHE", str(blocked))
    monkeypatch.setattr("samaritan.models._weights.find_published", lambda _: package)

    assert _same(read_weights(source, None))
    assert blocked.read_text() == "a file where the folder should be"


def test_missing_weights_say_what_to_do(source: WeightSource) -> None:
    published_path(source).unlink()

    with pytest.raises(ModelError, match=r"samaritan models pull small.*w\.pth from https://example\.org/w.*--weights"):
        read_weights(source, None)


def test_a_published_file_that_was_changed_is_refused(source: WeightSource) -> None:
    torch.save(STATE | {"a.bias": torch.zeros(2)}, published_path(source))

    with pytest.raises(ModelError, match=r"is not the published w\.pth"):
        read_weights(source, None)
    assert not converted_path(source).exists()


def test_a_given_file_is_compared_with_the_published_one(source: WeightSource, tmp_path: Path) -> None:
    other = tmp_path / "other.pth"
    torch.save({name: tensor + 1 for name, tensor in STATE.items()}, other)

    with pytest.raises(ModelError, match="--allow-unverified"):
        read_weights(source, other)
    assert torch.equal(read_weights(source, other, allow_unverified=True)["a.bias"], STATE["a.bias"] + 1)
    assert _same(read_weights(source, published_path(source)))


def test_a_given_safetensors_copy_is_known_by_its_tensors(source: WeightSource, tmp_path: Path) -> None:
    read_weights(source, None)
    copy = shutil.copy(converted_path(source), tmp_path / "copy.safetensors")
    assert _same(read_weights(source, Path(copy)))

    Path(copy).write_bytes(converted_path(source).read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(ModelError, match="--allow-unverified"):
        read_weights(source, Path(copy))


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04 cut"])
def test_a_given_file_of_another_kind_is_called_damaged_not_unverified(
    source: WeightSource, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "w.pth"
    path.write_bytes(content)

    with pytest.raises(ModelError, match="cannot be used as weights"):
        read_weights(source, path)


def test_the_digest_sees_names_types_shapes_and_values() -> None:
    digest = tensors_sha256(STATE)

    assert digest == tensors_sha256(dict(reversed(STATE.items())))
    for other in (
        {"b.weight": STATE["a.weight"], "a.bias": STATE["a.bias"]},
        STATE | {"a.weight": STATE["a.weight"].reshape(3, 2)},
        STATE | {"a.bias": STATE["a.bias"].to(torch.int32)},
        STATE | {"a.bias": STATE["a.bias"] * 2},
    ):
        assert tensors_sha256(other) != digest


NAMES = {"weight": "a.weight", "bias": "a.bias"}


def test_strict_loading_fills_everything() -> None:
    layer = nn.Linear(3, 2)

    assert load_strictly(layer, STATE, NAMES, "w.pth") == 2
    assert torch.equal(layer.weight, STATE["a.weight"])


def test_half_precision_fills_single_precision() -> None:
    layer = nn.Linear(3, 2)
    load_strictly(layer, {name: tensor.half() for name, tensor in STATE.items()}, NAMES, "w.pth")

    assert layer.weight.dtype == torch.float32
    assert torch.equal(layer.weight, STATE["a.weight"])


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"a.weight": STATE["a.weight"]}, "1 tensor does not fit: missing a.bias;"),
        (STATE | {"c": torch.ones(1)}, "unknown c"),
        (STATE | {"a.bias": torch.ones(3)}, r"a.bias has \(3,\) float, needed is \(2,\) float"),
        (STATE | {"a.bias": torch.ones(2, dtype=torch.int64)}, r"a.bias has \(2,\) integer"),
    ],
)
def test_tensors_that_do_not_fit_are_named(state: dict[str, Tensor], words: str) -> None:
    layer = nn.Linear(3, 2)
    before = layer.weight.clone()

    with pytest.raises(ModelError, match=words):
        load_strictly(layer, state, NAMES, "w.pth")
    assert torch.equal(layer.weight, before)


def test_at_most_five_names_are_listed(tmp_path: Path) -> None:
    """Weights of one member of the family given to another."""
    other = load_model("tiny-sam").network
    names = published_names(other.state_dict())
    torch.save({names[ours]: tensor for ours, tensor in other.state_dict().items()}, tmp_path / "sam.pth")

    with pytest.raises(ModelError) as caught:
        load_model("tiny-litemedsam", weights=tmp_path / "sam.pth", allow_unverified=True)
    assert str(caught.value).count("missing image_encoder") == 5
    assert "more; choose the model" in str(caught.value)


def test_a_saved_state_comes_back_through_a_file(tmp_path: Path, cache: Path) -> None:
    """In the layout of SAM checkpoints, wrapped as training scripts do."""
    network = load_model("tiny-litemedsam").network
    with torch.no_grad():
        network.get_parameter("mask_decoder.iou_token.weight").add_(1)
    names = published_names(network.state_dict())
    state = {f"module.{names[ours]}": tensor for ours, tensor in network.state_dict().items()}
    torch.save({"model": state, "epoch": 3}, tmp_path / "w.pth")

    again = load_model("tiny-litemedsam", weights=tmp_path / "w.pth", allow_unverified=True).network
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in network.state_dict().items())
    with pytest.raises(ModelError, match="--allow-unverified"):
        load_model("tiny-litemedsam", weights=tmp_path / "w.pth")


def test_litemedsam_itself_refuses_another_file(tmp_path: Path, cache: Path) -> None:
    torch.save(STATE, tmp_path / "w.pth")

    with pytest.raises(ModelError, match=r"is not the published lite_medsam\.pth of litemedsam"):
        load_model("litemedsam", weights=tmp_path / "w.pth")
    with pytest.raises(ModelError, match="holds weights of another model, 437 tensors do not fit"):
        load_model("litemedsam", weights=tmp_path / "w.pth", allow_unverified=True)


def test_litemedsam_missing_names_its_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = replace(SOURCE, wheel=None)
    with pytest.raises(ModelError, match=r"samaritan models pull litemedsam`, or get lite_medsam\.pth from https://"):
        read_weights(nowhere, None)
