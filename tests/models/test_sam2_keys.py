"""Names of SAM 2's tensors: the authors', those of transformers, and what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import Sam2VideoConfig, Sam2VideoModel

from samaritan.core import ModelError, UsageError
from samaritan.models import MODELS, load_model
from samaritan.models._sam2_family import SIZES, Sam2Weights
from samaritan.models._sam2_keys import authors_names, fill, from_hub, hub_names, to_hub
from samaritan.models.tiny_sam2 import build_network

PUBLISHED = [name for name in MODELS.names() if name.startswith(("sam2", "medsam2"))]


def _published(name: str) -> Sam2Weights:
    load: Any = MODELS.get(name).load
    weights = load.__self__
    assert isinstance(weights, Sam2Weights)
    return weights


def _state(seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(t.shape, generator=generator) for name, t in build_network().state_dict().items()}


def _equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.parametrize("name", PUBLISHED)
def test_names_are_one_to_one_and_the_card_counts_right(name: str) -> None:
    published = _published(name)
    with torch.device("meta"):
        network = published.build_network()
    ours = network.state_dict()
    for names in (authors_names(ours), hub_names(ours)):
        assert names.keys() == ours.keys()
        assert len(set(names.values())) == len(ours)
    assert published.card.parameters == sum(p.numel() for p in network.parameters() if p.requires_grad)
    size = published.card.size
    assert size is None or 0 < size - 4 * sum(tensor.numel() for tensor in ours.values()) < 400 * len(ours)


def test_nothing_of_ours_is_left_in_the_authors_names() -> None:
    for name in authors_names(build_network().state_dict()).values():
        assert not name.startswith(("tracker", "prompt_encoder", "mask_decoder"))
        assert not any(part in name for part in ("layer_norm", "proj_in", "lin1", "backbone", "positional_encoding_p"))


@pytest.mark.parametrize("size", SIZES)
def test_hub_names_and_shapes_are_those_of_transformers(size: str) -> None:
    for release, revised in (("2", False), ("2.1", True)):
        with torch.device("meta"):
            ours = _published(f"sam{release}-{size}").build_network().state_dict()
            theirs = Sam2VideoModel(_hub_config(size, revised)).state_dict()
        names = hub_names(ours)
        hub = to_hub({names[name]: tensor for name, tensor in ours.items()})
        assert {name: t.shape for name, t in hub.items()} == {name: t.shape for name, t in theirs.items()}


def _hub_config(size: str, revised: bool) -> Sam2VideoConfig:
    lines = SIZES[size]
    width, heads = lines.get("width", 96), lines.get("heads", 1)
    widths = [width * 2**stage for stage in range(4)]
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": width,
        "embed_dim_per_stage": widths,
        "num_attention_heads_per_stage": [heads * 2**stage for stage in range(4)],
        "blocks_per_stage": list(lines.get("depths", (1, 2, 7, 2))),
        "window_size_per_stage": list(lines.get("windows", (8, 4, 14, 7))),
        "window_positional_embedding_background_size": [lines.get("background", 7)] * 2,
    }
    vision = {"model_type": "sam2_vision_model", "backbone_config": backbone, "backbone_channel_list": widths[::-1]}
    return Sam2VideoConfig(
        vision_config=vision,
        enable_temporal_pos_encoding_for_object_pointers=revised,
        enable_occlusion_spatial_embedding=revised,
    )


def test_a_file_of_the_authors_loads_to_the_last_tensor(tmp_path: Path) -> None:
    state = _state()
    names = authors_names(state)
    torch.save({"model": {names[name]: tensor for name, tensor in state.items()}}, tmp_path / "w.pt")
    assert _equal(_loaded(tmp_path / "w.pt"), state)


@pytest.mark.parametrize("places", ["both", "one", "the other"])
def test_a_file_of_the_hub_loads_to_the_last_tensor(tmp_path: Path, places: str) -> None:
    state = _state()
    names = hub_names(state)
    hub = to_hub({names[name]: tensor for name, tensor in state.items()})
    assert _equal(from_hub(hub, "it"), {names[name]: tensor for name, tensor in state.items()})
    left = {
        "one": "prompt_encoder.shared_embedding.positional_embedding",
        "the other": "shared_image_embedding.positional_embedding",
    }
    hub.pop(left.get(places, ""), None)
    save_file({name: tensor.clone() for name, tensor in hub.items()}, tmp_path / "model.safetensors")
    assert _equal(_loaded(tmp_path / "model.safetensors"), state)


def _loaded(path: Path) -> dict[str, Tensor]:
    found: dict[str, Tensor] = load_model("tiny-sam2", weights=path, allow_unverified=True).network.state_dict()
    return found


@pytest.mark.parametrize("hub", [False, True])
def test_what_does_not_fit_is_named(hub: bool) -> None:
    state = _state()
    names = hub_names(state) if hub else authors_names(state)
    whole = {names[name]: tensor for name, tensor in state.items()}
    whole = to_hub(whole) if hub else whole
    name = next(
        n for n in whole if n.endswith("memory_encoder.memory_fuser.layers.0.scale" if hub else "layers.0.gamma")
    )
    for broken, message in (
        ({n: t for n, t in whole.items() if n != name}, f"missing {name}"),
        (whole | {"more.weight": torch.zeros(1)}, "unknown more.weight"),
        (whole | {name: torch.zeros(3)}, rf"{name} has \(3,\)"),
    ):
        with pytest.raises(ModelError, match=f"w.pt holds weights of another model, 1 tensor does not fit: {message}"):
            fill(build_network(), broken, "w.pt")


def test_the_hub_must_not_contradict_itself() -> None:
    state = _state()
    names = hub_names(state)
    hub = to_hub({names[name]: tensor for name, tensor in state.items()})
    hub["shared_image_embedding.positional_embedding"] = torch.zeros(2, 16)
    with pytest.raises(ModelError, match="differ and must not"):
        fill(build_network(), hub, "model.safetensors")


def test_sam_2_is_not_sam_2_1() -> None:
    with torch.device("meta"):
        old, new = (_published(f"sam{release}-tiny").build_network() for release in ("2", "2.1"))
    names = authors_names(old.state_dict())
    state = {names[name]: tensor for name, tensor in old.state_dict().items()}
    with pytest.raises(
        ModelError, match="3 tensors do not fit: missing no_obj_embed_spatial; missing obj_ptr_tpos_proj"
    ):
        fill(new, state, "sam2_hiera_tiny.pt")


def test_another_family_is_refused(tmp_path: Path) -> None:
    torch.save(load_model("tiny-sam").network.state_dict(), tmp_path / "sam.pth")
    with pytest.raises(ModelError, match="weights of another model"):
        load_model("tiny-sam2", weights=tmp_path / "sam.pth", allow_unverified=True)


def test_the_same_weights_at_another_side() -> None:
    entry = MODELS.get("sam2.1-tiny@512")
    assert (entry.card.name, entry.card.input_size, entry.source) == (
        "sam2.1-tiny@512",
        512,
        MODELS.get("sam2.1-tiny").source,
    )
    assert entry.card.normalisation.startswith("stretched to 512 x 512")
    with torch.device("meta"):
        one, other = (_published(name).build_network() for name in ("sam2.1-tiny@512", "sam2.1-tiny"))
    assert {n: t.shape for n, t in one.state_dict().items()} == {n: t.shape for n, t in other.state_dict().items()}
    assert one.feature_shapes["finest"] == (1, 32, 128, 128)
    assert MODELS.get("medsam2@512").card.name == "medsam2"
    with pytest.raises(UsageError, match="multiples of 32 from 128 to 2048 pixels; received 500"):
        MODELS.get("sam2.1-tiny@500")
