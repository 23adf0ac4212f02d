"""Files of the SAM family: loaded whole, in both layouts, or refused with the names of what does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from samaritan.core import Box, ModelError, Points, PromptSet
from samaritan.models import load_model, mobilesam, sam_vit_b, sam_vit_l
from samaritan.models._frame import IMAGENET_DEVIATION, IMAGENET_MEAN
from samaritan.models._keys import from_hub, hub_names, published_names
from samaritan.models._strict import given_tensors, owners_of
from samaritan.models._tiny import seeded
from samaritan.models.tiny_sam import RECIPE

MATRIX, TWIN = "prompt_encoder.shared_embedding.positional_embedding", "shared_image_embedding.positional_embedding"


@pytest.fixture
def ours() -> dict[str, Tensor]:
    """Weights of the miniature that nobody has seen before, under our names."""
    return seeded(RECIPE.build, seed=7).state_dict()


def published(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {theirs: state[name] for name, theirs in published_names(state).items()}


def hub(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {theirs: state[name] for name, theirs in hub_names(state).items()}


def given(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return given_tensors(RECIPE.outline(), state, {}, "the file")


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_the_authors_layout(ours: dict[str, Tensor]) -> None:
    assert same(given(published(ours)), ours)
    assert same(from_hub(published(ours), "the file"), published(ours))


@pytest.mark.parametrize("matrices", ["both", "first", "second"])
def test_the_layout_of_the_hub(ours: dict[str, Tensor], matrices: str) -> None:
    state = hub(ours)
    if matrices != "first":
        state[TWIN] = state[MATRIX].clone()
    if matrices == "second":
        del state[MATRIX]
    assert same(given(state), ours)


def test_two_matrices_that_differ_are_refused(ours: dict[str, Tensor]) -> None:
    state = hub(ours)
    state[TWIN] = state[MATRIX] + 1e-3
    with pytest.raises(ModelError, match="two positional encodings that differ"):
        given(state)


def test_half_precision_becomes_single(ours: dict[str, Tensor]) -> None:
    found = given({name: tensor.half() for name, tensor in published(ours).items()})
    assert all(tensor.dtype is torch.float32 for tensor in found.values())
    assert same(found, {name: tensor.half().float() for name, tensor in ours.items()})


def test_constants_of_old_files_are_known_by_their_values(ours: dict[str, Tensor]) -> None:
    constants = {"pixel_mean": torch.tensor(IMAGENET_MEAN).view(3, 1, 1), "pixel_std": torch.tensor(IMAGENET_DEVIATION)}
    assert same(given(published(ours) | constants), ours)
    with pytest.raises(ModelError, match=r"pixel_mean.*normalised in another way"):
        given(published(ours) | {"pixel_mean": torch.zeros(3, 1, 1)})


@pytest.mark.slow
def test_partly_matching_files_are_refused_by_name(ours: dict[str, Tensor]) -> None:
    state = published(ours)
    missing = {name: tensor for name, tensor in state.items() if name != "mask_decoder.iou_token.weight"}
    with pytest.raises(ModelError, match=r"1 tensor does not fit: missing mask_decoder\.iou_token\.weight"):
        given(missing)
    with pytest.raises(ModelError, match=r"unknown head\.weight"):
        given(state | {"head.weight": torch.ones(2)})
    with pytest.raises(ModelError, match=r"iou_token\.weight has \(1, 31\) float, needed is \(1, 32\) float"):
        given(state | {"mask_decoder.iou_token.weight": torch.ones(1, 31)})


@pytest.mark.slow
def test_a_file_of_another_size_or_family_is_named() -> None:
    large = {name: torch.empty(shape, device="meta") for name, shape in sam_vit_l.RECIPE.layout().items()}
    with pytest.raises(ModelError, match=r"x\.pth holds the weights of sam-vit-l, .*choose the model"):
        given_tensors(sam_vit_b.RECIPE.outline(), large, {}, "x.pth")
    mobile = {name: torch.empty(shape, device="meta") for name, shape in mobilesam.RECIPE.layout().items()}
    with pytest.raises(ModelError, match="holds the weights of mobilesam"):
        given_tensors(sam_vit_b.RECIPE.outline(), mobile, {}, "x.pth")


def test_models_of_one_layout_are_all_named() -> None:
    base = {name: torch.empty(shape, device="meta") for name, shape in sam_vit_b.RECIPE.layout().items()}
    assert owners_of(base) == ["medsam", "sam-vit-b"]


@pytest.mark.slow
def test_tensors_that_nothing_uses_are_all_there_or_none_and_of_their_shape() -> None:
    outline, spare = mobilesam.RECIPE.outline(), mobilesam.CLASSIFIER
    kinds = {name: tensor.dtype for name, tensor in outline.state_dict().items()}
    names = {theirs: ours for ours, theirs in published_names(kinds).items()}
    whole = {
        name: torch.empty(shape, device="meta", dtype=kinds.get(names.get(name, ""), torch.float32))
        for name, shape in mobilesam.RECIPE.layout().items()
    }
    assert set(spare) < set(whole)
    found = given_tensors(outline, whole, spare, "mobile_sam.pt")
    assert found.keys() == kinds.keys()
    without = {name: tensor for name, tensor in whole.items() if name not in spare}
    assert given_tensors(outline, without, spare, "mobile_sam.pt").keys() == kinds.keys()
    with pytest.raises(ModelError, match=r"missing image_encoder\.head\.weight"):
        given_tensors(outline, {n: t for n, t in whole.items() if n != "image_encoder.head.weight"}, spare, "x")
    with pytest.raises(ModelError, match=r"image_encoder\.head\.bias has \(9,\) float"):
        given_tensors(outline, whole | {"image_encoder.head.bias": torch.empty(9, device="meta")}, spare, "x")


def test_the_hub_is_that_of_transformers(tmp_path: Path) -> None:
    """A whole SamModel with random weights, saved as the hub keeps it: names, and the same answers."""
    reference = theirs("Sam")
    reference.save_pretrained(tmp_path)
    segmenter = load_model("tiny-sam", weights=tmp_path / "model.safetensors", allow_unverified=True)
    embedding = segmenter.encode(PICTURE)

    for multimask in (False, True):
        (found,) = segmenter.decode(embedding, [PROMPT], multimask=multimask)
        with torch.no_grad():
            answer = reference(
                pixel_values=segmenter.frame.pixels(PICTURE),  # type: ignore[attr-defined]
                input_points=torch.tensor([[[[40.0, 30.0]]]]), input_labels=torch.tensor([[[1]]]),
                input_boxes=torch.tensor([[[10.0, 20.0, 90.0, 70.0]]]), multimask_output=multimask,
            )  # fmt: skip
        np.testing.assert_allclose(found.low_res, answer.pred_masks[0, 0].numpy(), atol=1e-4)
        np.testing.assert_allclose(found.quality, answer.iou_scores[0, 0].numpy(), atol=1e-5)
    names = set(hub_names(segmenter.network.state_dict()).values())
    assert names ^ set(reference.state_dict()) == {TWIN}


def test_the_hub_of_sam_hq_has_the_same_names_and_features(tmp_path: Path) -> None:
    """Its decoder is compared with the authors' (test_parity).

    In transformers 5.23 it up-scales the cells as they were before the transformer, with rows and columns swapped.
    """
    reference = theirs("SamHQ", vit_dim=32)
    reference.save_pretrained(tmp_path)
    segmenter = load_model("tiny-sam-hq", weights=tmp_path / "model.safetensors", allow_unverified=True)
    with torch.no_grad():
        final, (early, *_) = reference.vision_encoder(segmenter.frame.pixels(PICTURE)).to_tuple()[:2]  # type: ignore[attr-defined]
    expected = torch.cat([final, early.permute(0, 3, 1, 2)], dim=1)
    torch.testing.assert_close(segmenter.encode(PICTURE).features["image"], expected, atol=1e-4, rtol=1e-4)
    names = set(hub_names(segmenter.network.state_dict()).values())
    assert names ^ set(reference.state_dict()) == {TWIN}


PICTURE = np.random.default_rng(0).uniform(0, 255, (128, 96, 3)).astype(np.float32)
PROMPT = PromptSet(Points([[40, 30]], [1]), Box([10, 20], [90, 70]))


def theirs(kind: str, **decoder_settings: int) -> Any:
    import transformers as library

    vision = getattr(library, f"{kind}VisionConfig")(
        hidden_size=32, output_channels=32, num_hidden_layers=2, num_attention_heads=2, mlp_dim=64, image_size=128,
        window_size=3, global_attn_indexes=[1], num_pos_feats=16,
    )  # fmt: skip
    prompts = getattr(library, f"{kind}PromptEncoderConfig")(hidden_size=32, image_size=128, patch_size=16)
    # the two-way transformer has eps 1e-5 as published, which transformers has not by default
    decoder = getattr(library, f"{kind}MaskDecoderConfig")(
        hidden_size=32, num_attention_heads=2, mlp_dim=32, iou_head_hidden_dim=32, layer_norm_eps=1e-5,
        **decoder_settings,
    )  # fmt: skip
    config = getattr(library, f"{kind}Config")(
        vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder
    )
    torch.manual_seed(0)
    model = getattr(library, f"{kind}Model")(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    matrix = model.shared_image_embedding.positional_embedding.data
    model.prompt_encoder.shared_embedding.positional_embedding.data = matrix.clone()
    model.train(False)
    return model
