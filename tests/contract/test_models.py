"""The six points of the Segmenter contract, over every model that needs no download; LiteMedSAM with few prompts.

Miniatures go through it on every runtime that compiles a graph, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from samaritan.core import Box, MaskHint, Points, PromptError, PromptSet, UnknownNameError, UsageError
from samaritan.core.public_data import PUBLIC_DATA
from samaritan.models import MODELS, Embedding, Prediction, Segmenter, load_model
from samaritan.predict.runtimes import runtime_of, with_runtime

#: Size (x, y) of the picture: neither square nor a multiple of anything.
SHAPE = (90, 50)
TOLERANCE = 1e-4

MINIATURES = sorted(name for name in MODELS.names() if "tiny" in MODELS.get(name).tags)


def _picture(shape: tuple[int, int] = SHAPE) -> NDArray[np.float32]:
    """A bright red block right and up on noise: x and y cannot be confused."""
    picture = np.random.default_rng(0).uniform(0, 60, (*shape, 3)).astype(np.float32)
    picture[shape[0] * 6 // 9 : shape[0] * 8 // 9, shape[1] // 10 : shape[1] // 2, 0] += 150
    return picture


def _hint() -> MaskHint:
    mask = np.zeros(SHAPE, bool)
    mask[50:80, 5:30] = True
    return MaskHint.from_mask(mask)


#: One of each kind, different counts, and some kinds twice, so that order matters.
PROMPTS = (
    PromptSet(box=Box([60, 5], [79, 24])),
    PromptSet(Points([[70, 10]], [1])),
    PromptSet(Points([[70, 10], [5, 45], [71, 20]], [1, 0, 1]), Box([55, 0], [89, 49])),
    PromptSet(),
    PromptSet(mask=_hint()),
    PromptSet(box=Box([10, 20], [30, 49])),
    PromptSet(Points([[70, 10], [20, 20]], [1, 0]), mask=_hint()),
    PromptSet(Points([[3, 40]], [1])),
)


@pytest.fixture(scope="module", params=[*MINIATURES, "litemedsam"])
def segmenter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMARITAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        return load_model(request.param)


@pytest.fixture(scope="module")
def embedding(segmenter: Segmenter) -> Embedding:
    return segmenter.encode(_picture())


#: Miniatures for whose graphs another stands here; tests/export/test_families.py writes and runs some.
ALIKE = {"tiny-mobilesam", "tiny-sam-hq", "tiny-sam-med2d"}

#: Model and runtime; the graphs are made once for both workers of the suite.
COMPILED = [
    pytest.param(
        (model, runtime),
        id=f"{model}-{runtime}",
        marks=[] if runtime == "torch" else pytest.mark.slow,
    )
    for model in MINIATURES
    for runtime in (("torch",) if model in ALIKE else ("torch", "onnxruntime", "openvino"))
]


@pytest.fixture(scope="module", params=COMPILED)
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    model, runtime = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMARITAN_CACHE", str(prepared_folder(tmp_path_factory)))
        segmenter = with_runtime(load_model(model), runtime)
    assert runtime_of(segmenter)["name"] == runtime
    return segmenter


def prepared_folder(factory: pytest.TempPathFactory) -> Path:
    """A cache that all workers of this run of the suite share."""
    base = factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prepared"


def test_a_runtime_answers_as_torch(tiny: Segmenter) -> None:
    eager = load_model(tiny.name)
    for shape in (SHAPE, (1, 1), (300, 120)):
        expected, given = eager.encode(_picture(shape)), tiny.encode(_picture(shape))
        assert given.shape == shape
        assert torch.allclose(given.features["image"], expected.features["image"], atol=1e-4)
    (one,), (other,) = (s.decode(s.encode(_picture()), PROMPTS[:1]) for s in (eager, tiny))
    assert np.abs(one.logits - other.logits).max() < 1e-3
    assert np.array_equal(one.masks, other.masks)


def _equal(one: Prediction, other: Prediction) -> bool:
    return all(np.array_equal(getattr(one, part), getattr(other, part)) for part in ("logits", "quality", "low_res"))


def test_it_is_a_segmenter_with_a_true_card(segmenter: Segmenter) -> None:
    card = MODELS.get(segmenter.name).card

    assert isinstance(segmenter, Segmenter)
    assert isinstance(segmenter.network, nn.Module)
    assert segmenter.card is card
    assert card.name == segmenter.name
    assert card.parameters == sum(p.numel() for p in segmenter.network.parameters() if p.requires_grad)
    assert card.licence
    assert card.paper
    assert set(card.prompts) <= {"box", "points", "mask"}


# 1. pictures of any size
@pytest.mark.parametrize("name", MODELS.names())
def test_a_card_lists_its_training_data_in_the_vocabulary(name: str) -> None:
    """One word is a name, several words are prose; a slip of the pen would pass for prose."""
    card = MODELS.get(name).card
    words = [one for one in (*card.training_data, *card.inherited_data) if " " not in one]
    assert [word for word in words if word not in PUBLIC_DATA] == []
    assert card.training_data or "tiny" in MODELS.get(name).tags


@pytest.mark.parametrize("name", [name for name in MODELS.names() if MODELS.get(name).source])
def test_where_weights_are_published_is_said_in_full(name: str) -> None:
    entry = MODELS.get(name)
    source, card = entry.source, entry.card
    assert source is not None
    assert entry.layout is not None
    assert (source.name, source.sha256, source.size) == (card.name, card.sha256, card.size)
    assert source.url.startswith("https://")
    assert source.download is None or source.download.startswith("https://")
    assert source.sha256 is None or len(source.sha256) == 64
    assert source.size is None or source.sha256 is not None  # a size alone proves nothing


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (7, 3), (300, 120)])
def test_any_size_of_picture(tiny: Segmenter, shape: tuple[int, int]) -> None:
    embedding = tiny.encode(_picture(shape))
    corner = [shape[0] - 1, shape[1] - 1]
    (answer,) = tiny.decode(embedding, [PromptSet(Points([corner], [1]), Box([0, 0], corner))])

    assert embedding.shape == shape
    assert answer.logits.shape == (1, *shape)
    assert answer.masks.dtype == bool
    assert np.isfinite(answer.logits).all()


# 2. decode never encodes
def test_decode_never_encodes(tiny: Segmenter) -> None:
    calls: list[int] = []
    encoder = tiny.network.get_submodule("image_encoder")
    handle = encoder.register_forward_hook(lambda *_: calls.append(1))

    embedding = tiny.encode(_picture())
    assert calls == [1]
    tiny.decode(embedding, PROMPTS)
    tiny.decode(embedding, PROMPTS, multimask=True)
    assert calls == [1]
    handle.remove()


# 3. a batch equals its singles
@pytest.mark.parametrize("multimask", [False, True])
def test_a_batch_equals_its_singles(segmenter: Segmenter, embedding: Embedding, multimask: bool) -> None:
    prompts = PROMPTS[:2] if segmenter.name == "litemedsam" and multimask else PROMPTS  # the real network is slow
    together = segmenter.decode(embedding, prompts, multimask=multimask)

    assert len(together) == len(prompts)
    for prompt, answer in zip(prompts, together, strict=True):
        (alone,) = segmenter.decode(embedding, [prompt], multimask=multimask)
        assert np.abs(answer.logits - alone.logits).max() <= TOLERANCE
        assert np.abs(answer.low_res - alone.low_res).max() <= TOLERANCE
        assert np.abs(answer.quality - alone.quality).max() <= TOLERANCE


def test_prompts_of_one_kind_beyond_a_chunk(tiny: Segmenter) -> None:
    embedding = tiny.encode(_picture())
    prompts = [PromptSet(box=Box([i, i], [i + 20, i + 10])) for i in range(11)]

    for prompt, answer in zip(prompts, tiny.decode(embedding, prompts), strict=True):
        assert np.abs(answer.logits - tiny.decode(embedding, [prompt])[0].logits).max() <= TOLERANCE


def test_different_prompts_get_different_answers(tiny: Segmenter) -> None:
    answers = tiny.decode(tiny.encode(_picture()), PROMPTS)

    for i, one in enumerate(answers):
        assert all(np.abs(one.logits - other.logits).max() > 1e-3 for other in answers[i + 1 :])


def test_no_prompts_no_answers(tiny: Segmenter) -> None:
    assert tiny.decode(tiny.encode(_picture()), []) == []


# 4. one candidate, or three
def test_one_candidate_or_three(segmenter: Segmenter, embedding: Embedding) -> None:
    for multimask, count in ((False, 1), (True, 3)):
        (answer,) = segmenter.decode(embedding, PROMPTS[:1], multimask=multimask)
        assert answer.logits.shape == answer.masks.shape == (count, *SHAPE)
        assert answer.quality.shape == (count,)
        assert answer.low_res.shape[0] == count
        assert answer.low_res.shape[1] == answer.low_res.shape[2]
        assert {a.dtype for a in (answer.logits, answer.quality, answer.low_res)} == {np.dtype(np.float32)}


# 5. the same bits, nothing left in training mode
def test_the_same_call_gives_the_same_bits(segmenter: Segmenter, embedding: Embedding) -> None:
    torch.manual_seed(1)
    again = segmenter.encode(_picture())
    assert all(torch.equal(tensor, again.features[name]) for name, tensor in embedding.features.items())

    first, second = (segmenter.decode(embedding, PROMPTS[:2]) for _ in range(2))
    assert all(_equal(one, other) for one, other in zip(first, second, strict=True))


def test_loading_twice_gives_the_same_model_and_leaves_the_random_state(tiny: Segmenter) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    again = load_model(tiny.name)

    assert torch.equal(torch.get_rng_state(), before)
    state = tiny.network.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in again.network.state_dict().items())


def test_it_is_loaded_for_evaluation(segmenter: Segmenter) -> None:
    assert not any(module.training for module in segmenter.network.modules())


@pytest.fixture
def half_training(tiny: Segmenter) -> Iterator[dict[str, bool]]:
    """Training mode, but for the image encoder: as in the middle of an adaptation."""
    tiny.network.train()
    tiny.network.get_submodule("image_encoder").eval()
    yield {name: module.training for name, module in tiny.network.named_modules()}
    tiny.network.eval()


def test_training_mode_changes_no_answer_and_is_kept(tiny: Segmenter, half_training: dict[str, bool]) -> None:
    state = {name: tensor.clone() for name, tensor in tiny.network.state_dict().items()}
    embedding = tiny.encode(_picture())
    answers = tiny.decode(embedding, PROMPTS[:3])

    assert {name: module.training for name, module in tiny.network.named_modules()} == half_training
    assert all(torch.equal(tensor, state[name]) for name, tensor in tiny.network.state_dict().items())
    tiny.network.eval()
    expected = tiny.decode(tiny.encode(_picture()), PROMPTS[:3])
    assert all(_equal(one, other) for one, other in zip(answers, expected, strict=True))


# 6. prompts outside the picture
@pytest.mark.parametrize(
    "prompt",
    [
        PromptSet(Points([[90, 10]], [1])),
        PromptSet(Points([[10, 50]], [1])),  # inside only if x and y were swapped
        PromptSet(Points([[-1, 10]], [0])),
        PromptSet(box=Box([10, 10], [20, 50])),
        PromptSet(box=Box([10, 10], [90, 20])),
        PromptSet(mask=MaskHint(np.zeros((50, 90), np.float32))),
        PromptSet(mask=MaskHint(np.zeros((3, 3), np.float32), "model")),
    ],
)
def test_prompts_that_do_not_fit_are_refused(tiny: Segmenter, prompt: PromptSet) -> None:
    with pytest.raises(PromptError):
        tiny.decode(tiny.encode(_picture()), [PROMPTS[0], prompt])


def test_x_and_y_reach_the_network_unswapped(tiny: Segmenter) -> None:
    """Red stands right and up; the box around it must meet it in the encoder's input."""
    seen: dict[str, Any] = {}
    hooks = [
        tiny.network.get_submodule("image_encoder").register_forward_pre_hook(lambda _, a: seen.update(pixels=a[0])),
        tiny.network.get_submodule("prompt_encoder").register_forward_pre_hook(lambda _, a: seen.update(prompts=a)),
    ]
    tiny.decode(tiny.encode(_picture()), [PromptSet(Points([[70, 14]], [1]), Box([60, 5], [79, 24]))])
    for hook in hooks:
        hook.remove()

    red = seen["pixels"][0, 0]
    points, _, boxes, _ = seen["prompts"]
    x0, y0, x1, y1 = (round(c) for c in boxes[0, 0].tolist())
    x, y = (round(c) for c in points[0, 0, 0].tolist())
    inside = red[y0 + 1 : y1, x0 + 1 : x1]
    outside = red.clone()
    outside[y0 - 1 : y1 + 3, x0 - 1 : x1 + 3] = red.min()
    assert inside.min() > outside.max()
    assert red[y, x] > outside.max()


def test_low_res_logits_can_be_fed_back(tiny: Segmenter) -> None:
    embedding = tiny.encode(_picture())
    (first,) = tiny.decode(embedding, PROMPTS[:1], multimask=True)
    hinted = [PromptSet(box=PROMPTS[0].box, mask=MaskHint(c, "model")) for c in first.low_res]

    answers = tiny.decode(embedding, hinted)
    assert np.abs(answers[0].logits - answers[1].logits).max() > 1e-3


def test_a_state_dict_makes_the_same_model(tiny: Segmenter, tmp_path: Path) -> None:
    torch.save(tiny.network.state_dict(), tmp_path / "state.pt")
    other = load_model(tiny.name)
    with torch.no_grad():
        for parameter in other.network.parameters():
            parameter.add_(1)
    other.network.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True), strict=True)

    one, two = (s.decode(s.encode(_picture()), PROMPTS) for s in (load_model(tiny.name), other))
    assert all(_equal(a, b) for a, b in zip(one, two, strict=True))


def test_the_inputs_are_not_changed(tiny: Segmenter) -> None:
    picture = _picture()
    picture.flags.writeable = False
    embedding = tiny.encode(picture)
    before = {name: tensor.clone() for name, tensor in embedding.features.items()}

    tiny.decode(embedding, PROMPTS)
    assert all(torch.equal(tensor, before[name]) for name, tensor in embedding.features.items())


def test_unknown_names_and_devices() -> None:
    with pytest.raises(UnknownNameError, match="did you mean litemedsam"):
        load_model("litemedsan")
    with pytest.raises(UsageError, match="There is no device 'gpu'"):
        load_model("tiny-sam", device="gpu")
