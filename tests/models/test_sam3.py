"""SAM 3 in miniature: text and example boxes, strict loading, and polite refusals."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from samaritan.core import Box, InputError, MaskHint, ModelError, Points, PromptError, PromptSet
from samaritan.models import MODELS, Embedding, Segmenter, load_model, pull
from samaritan.models import sam3 as entry
from samaritan.models._base import RepeatableSegmenter
from samaritan.models._recognise import check_layout
from samaritan.models._sam3 import ABSENT, FOUND, Sam3Segmenter, _nearest, _united, build_sam3, roi_align

SIDE = 56
_PART = {"hidden_size": 32, "num_attention_heads": 2}
_STACK = {**_PART, "num_layers": 1, "intermediate_size": 32}

#: A network of 180,000 parameters.
CONFIG: dict[str, Any] = {
    "vision_config": {
        "backbone_config": {
            "model_type": "sam3_vit_model", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "image_size": SIDE, "patch_size": 14, "window_size": 2, "global_attn_indexes": [1],
            "pretrain_image_size": 28,
        },
        "fpn_hidden_size": 32, "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
    },
    "text_config": {
        "model_type": "clip_text_model", "vocab_size": 20, "hidden_size": 16, "intermediate_size": 32, "projection_dim": 8,
        "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 32, "hidden_act": "gelu",
        "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1,
    },
    "geometry_encoder_config": {**_STACK, "roi_size": 3},
    "detr_encoder_config": _STACK,
    "detr_decoder_config": {**_STACK, "num_queries": 5},
    "mask_decoder_config": _PART,
}  # fmt: skip

SHAPE = (90, 50)


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """Random weights under their published names, with some of the tracker's."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = build_sam3(CONFIG)
    tensors = {f"{entry.DETECTOR}{name}": tensor for name, tensor in network.state_dict().items()}
    return tensors | {"tracker_model.memory.weight": torch.ones(2), "tracker_neck.weight": torch.ones(2)}


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer of single words between a begin and an end."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    words = {"<b>": 0, "<e>": 1, "?": 2, "visual": 3, "kidney": 4, "left": 5, "polyp": 6}
    made = Tokenizer(WordLevel(words, unk_token="?"))
    made.pre_tokenizer = Whitespace()
    made.post_processor = TemplateProcessing(single="<b> $A <e>", special_tokens=[("<b>", 0), ("<e>", 1)])
    path = tmp_path_factory.mktemp("sam3") / entry.VOCABULARY
    made.save(str(path))
    return path


@pytest.fixture(scope="module")
def sam3(state: dict[str, Tensor], vocabulary: Path) -> Sam3Segmenter:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry, "GRID", 16)
        patch.setattr(entry, "SIDE", SIDE)
        patch.setattr(entry, "CARD", _small())
        made = entry.assemble(state, entry.read_tokenizer(vocabulary), "cpu", origin="here", config=CONFIG, side=SIDE)
    assert isinstance(made, Sam3Segmenter)
    return made


def _small() -> Any:
    return replace(entry.CARD, input_size=SIDE)


@pytest.fixture
def picture() -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(0, 255, (*SHAPE, 3)).astype(np.float32)


def _box(x0: int = 20, y0: int = 10, x1: int = 60, y1: int = 40) -> Box:
    return Box((x0, y0), (x1, y1))


def test_it_fits_the_contract(sam3: Sam3Segmenter, picture: NDArray[np.float32]) -> None:
    assert isinstance(sam3, Segmenter)
    assert isinstance(sam3, RepeatableSegmenter)
    embedding = sam3.encode(picture)
    assert {name: tuple(level.shape) for name, level in embedding.features.items()} == {
        "level0": (1, 32, 16, 16), "level1": (1, 32, 8, 8), "level2": (1, 32, 4, 4),
    }  # fmt: skip
    prompts = [PromptSet(text="kidney"), PromptSet(box=_box()), PromptSet(box=_box(), text="left kidney")]
    for multimask, count in ((False, 1), (True, 3)):
        answers = sam3.decode(embedding, prompts, multimask=multimask)
        for answer in answers:
            assert answer.logits.shape == (count, *SHAPE)
            assert answer.quality.shape == (count,)
            assert answer.low_res.shape == (count, 16, 16)
            assert np.isfinite(answer.logits).all()
        for prompt, answer in zip(prompts, answers, strict=True):
            (alone,) = sam3.decode(embedding, [prompt], multimask=multimask)
            assert np.array_equal(alone.logits, answer.logits)
    first, second, third = sam3.decode(embedding, prompts)
    assert not np.allclose(second.logits, third.logits) or not np.allclose(first.logits, second.logits)
    assert sam3.decode(embedding, []) == []


def test_text_and_box_reach_the_network(sam3: Sam3Segmenter, picture: NDArray[np.float32]) -> None:
    """What comes out is what transformers' own forward pass gives for the same question."""
    embedding = sam3.encode(picture)
    network: Any = sam3.network
    tokens = torch.tensor([[0, 5, 4, 1] + [0] * 28])
    mask = (torch.arange(32) < 4).long()[None]
    centre_and_size = torch.tensor([[[40.5 / 90, 25.5 / 50, 41 / 90, 31 / 50]]])
    with torch.inference_mode():
        found = network(
            pixel_values=sam3.frame.pixels(picture), input_ids=tokens, attention_mask=mask, input_boxes=centre_and_size,
            input_boxes_labels=torch.ones(1, 1, dtype=torch.long),
        )  # fmt: skip
    (answer,) = sam3.decode(embedding, [PromptSet(box=_box(), text="left kidney")], multimask=True)
    scores = found.pred_logits[0].sigmoid() * found.presence_logits[0].sigmoid()
    best = int(scores.argmax())
    assert np.allclose(answer.low_res[2], found.pred_masks[0, best], atol=1e-5)
    assert answer.quality[2] == pytest.approx(float(scores[best]), abs=1e-6)


def test_names_of_labels_are_read_as_words(sam3: Sam3Segmenter, picture: NDArray[np.float32]) -> None:
    embedding = sam3.encode(picture)
    one, other, plain, unnamed = sam3.decode(
        embedding,
        [
            PromptSet(text="left_kidney"),
            PromptSet(text=" left  kidney"),
            PromptSet(box=_box()),
            PromptSet(box=_box(), text="target"),
        ],
    )
    assert np.array_equal(one.logits, other.logits)
    assert np.array_equal(plain.logits, unnamed.logits)


def test_a_name_stands_for_all_that_is_found() -> None:
    masks = torch.stack(
        [torch.full((2, 2), -3.0), torch.tensor([[2.0, -1.0], [-1, -1]]), torch.tensor([[-1.0, 4], [-1, -1]])]
    )
    union, score = _united(torch.tensor([0.2, 0.9, FOUND + 0.1]), masks)
    assert union.tolist() == [[2.0, 4.0], [-1.0, -1.0]]
    assert float(score) == pytest.approx(0.9)
    nothing, _ = _united(torch.tensor([0.2, 0.3, FOUND]), masks)
    assert (nothing == ABSENT).all()


def test_a_box_stands_for_the_instance_in_it() -> None:
    masks = torch.arange(3.0)[:, None, None].expand(3, 2, 2)
    boxes = torch.tensor([[0.0, 0, 1, 1], [0.1, 0.1, 0.3, 0.3], [0.1, 0.1, 0.28, 0.28]])
    example = torch.tensor([0.1, 0.1, 0.28, 0.28])
    assert (
        float(_nearest(torch.tensor([0.9, 0.8, 0.1]), masks, boxes, example)[0].max()) == 1
    )  # the third was not found
    assert float(_nearest(torch.tensor([0.1, 0.2, 0.1]), masks, boxes, example)[0].max()) == 2  # none was: all count


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (PromptSet(points=Points([[5, 5]], [1]), text="kidney"), "not by clicks or rough masks; take a SAM"),
        (PromptSet(mask=MaskHint.from_mask(np.ones(SHAPE, bool)), text="kidney"), "not by clicks or rough masks"),
        (PromptSet(text="target"), "the name of what to find"),  # nobody named it
        (PromptSet(), "the name of what to find, or a box as an example"),
        (PromptSet(box=_box(x1=95)), "outside the image"),
    ],
)
def test_what_it_cannot_be_asked_is_refused(
    sam3: Sam3Segmenter, picture: NDArray[np.float32], prompt: PromptSet, words: str
) -> None:
    with pytest.raises(PromptError, match=words):
        sam3.decode(sam3.encode(picture), [prompt])


def test_a_foreign_embedding_is_refused(sam3: Sam3Segmenter) -> None:
    with pytest.raises(InputError, match="The embedding is not of sam3"):
        sam3.decode(Embedding({"image": torch.ones(1, 2, 3, 3)}, SHAPE), [PromptSet(text="kidney")])


def test_every_tensor_must_have_its_place(state: dict[str, Tensor], vocabulary: Path) -> None:
    tokenizer = entry.read_tokenizer(vocabulary)
    lost = next(name for name in state if name.endswith("boxes_direct_project.weight"))
    for changed, words in (
        (
            {name: tensor for name, tensor in state.items() if name != lost},
            "1 tensor does not fit: missing geometry_encoder",
        ),
        (state | {f"{entry.DETECTOR}more": torch.ones(1)}, "unknown more"),
        (state | {lost: torch.ones(3)}, r"has \(3,\) float"),
        ({f"other.{name}": tensor for name, tensor in state.items()}, r"\d+ tensors do not fit"),
    ):
        with pytest.raises(ModelError, match=words):
            entry.assemble(changed, tokenizer, "cpu", origin="here", config=CONFIG, side=SIDE)


def test_the_published_layout_leaves_the_tracker_out(
    state: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = {name: tuple(tensor.shape) for name, tensor in state.items() if name.startswith(entry.DETECTOR)}
    registered = MODELS.get("sam3")
    assert registered.may_hold(state)
    assert not registered.may_hold(["image_encoder.a"])
    made = type(registered)(
        registered.card,
        registered.load,
        registered.source,
        lambda: small,
        begins=registered.begins,
        unused=registered.unused,
    )
    check_layout(made, tmp_path, state)
    with pytest.raises(ModelError, match=r"does not hold sam3, 1 tensor does not fit: unknown neck\.weight"):
        check_layout(made, tmp_path, state | {"neck.weight": torch.ones(1)})


def test_without_weights_it_says_how_to_ask_for_them(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"samaritan models pull sam3"):
        load_model("sam3")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(
        ModelError, match=r"sam3 also needs tokenizer\.json from https://huggingface\.co/facebook/sam3; put it"
    ):
        pull("sam3", file=tmp_path / "model.safetensors")


def test_a_damaged_vocabulary_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("<html>")
    with pytest.raises(ModelError, match=r"cannot be used as tokenizer\.json"):
        entry.read_tokenizer(tmp_path / "tokenizer.json")


def test_an_old_transformers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers.models.sam3.modeling_sam3", SimpleNamespace())
    with pytest.raises(ModelError, match=r"needs transformers 5\.3 or later"):
        build_sam3(CONFIG)


def _by_definition(features: NDArray[np.float64], box: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """RoIAlign pixel by pixel, as the paper describes it."""
    channels, rows, columns = features.shape
    width, height = max(box[2] - box[0], 1.0), max(box[3] - box[1], 1.0)
    across, down = math.ceil(width / size), math.ceil(height / size)
    out = np.zeros((channels, size, size))
    for part_y in range(size):
        for part_x in range(size):
            for step_y in range(down):
                for step_x in range(across):
                    y = min(max(box[1] + (part_y + (step_y + 0.5) / down) * height / size, 0), rows - 1)
                    x = min(max(box[0] + (part_x + (step_x + 0.5) / across) * width / size, 0), columns - 1)
                    y0, x0 = int(y), int(x)
                    y1, x1 = min(y0 + 1, rows - 1), min(x0 + 1, columns - 1)
                    dy, dx = y - y0, x - x0
                    out[:, part_y, part_x] += (
                        features[:, y0, x0] * (1 - dy) * (1 - dx) + features[:, y0, x1] * (1 - dy) * dx
                        + features[:, y1, x0] * dy * (1 - dx) + features[:, y1, x1] * dy * dx
                    ) / (across * down)  # fmt: skip
    return out


@pytest.mark.parametrize("box", [(1.2, 2.0, 8.7, 6.1), (0, 0, 12, 9), (3.0, 3.0, 3.2, 3.1), (10.5, 7.5, 12, 9)])
def test_a_box_is_pooled_as_defined(box: tuple[float, ...]) -> None:
    features = np.random.default_rng(1).normal(size=(3, 9, 12))
    ours = roi_align(torch.from_numpy(features)[None], torch.tensor([box], dtype=torch.float64), 3)
    assert np.allclose(ours[0], _by_definition(features, np.array(box), 3), atol=1e-9)
