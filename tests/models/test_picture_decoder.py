"""When the quick decoder stands in, and that nothing it keeps is ever out of date."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils import parametrize

from samaritan.core import Box, MaskHint, Points, PromptSet
from samaritan.models import Embedding, Segmenter
from samaritan.models import _picture_decoder as room
from samaritan.models._sam import SamSegmenter

BOX, CLICK = PromptSet(box=Box([2, 3], [20, 15])), PromptSet(Points([[9, 8]], [1]))


@pytest.fixture
def model(tiny: Segmenter) -> SamSegmenter:
    assert isinstance(tiny, SamSegmenter)
    return tiny


def _picture(seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(0, 255, (30, 22, 3)).astype(np.float32)


def _published(model: SamSegmenter, embedding: Embedding, prompt: PromptSet = BOX) -> NDArray[np.float32]:
    """The answer of the network's own decoder."""
    with torch.inference_mode():
        tensors = model.prompt_tensors([prompt], embedding.shape)
        logits, _ = model.network.decode(embedding.features["image"], tensors, multimask=False)
    found: NDArray[np.float32] = logits[0].numpy()
    return found


def _calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    calls = {"prepare": 0, "decode": 0}

    def count(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **others: object) -> object:
            calls[name] += 1
            return real(*args, **others)

        return counted

    for name in calls:
        monkeypatch.setattr(room, name, count(name, getattr(room, name)))
    return calls


def test_a_picture_is_prepared_once(model: SamSegmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _calls(monkeypatch)
    one, two = model.encode(_picture()), model.encode(_picture(1))
    model.decode(one, [BOX] * 5)
    model.decode(one, [CLICK])
    assert calls == {"prepare": 1, "decode": 3}
    model.decode(two, [BOX])
    model.decode(one, [BOX])
    assert calls["prepare"] == 3
    expected = _published(model, one)
    assert np.abs(model.decode(one, [BOX])[0].low_res - expected).max() <= 1e-4


def test_masks_go_the_networks_own_way(model: SamSegmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _calls(monkeypatch)
    hinted = PromptSet(box=BOX.box, mask=MaskHint(np.zeros((64, 64), np.float32), "model"))
    embedding = model.encode(_picture())
    answers = model.decode(embedding, [hinted])
    assert calls == {"prepare": 0, "decode": 0}
    mixed = model.decode(embedding, [BOX, hinted])
    assert calls == {"prepare": 1, "decode": 1}
    assert np.array_equal(mixed[1].logits, answers[0].logits)


def _step(weight: torch.Tensor) -> torch.Tensor:
    """Not the same for all channels, since a normalisation would take that out again."""
    return 0.3 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))


def _train(model: SamSegmenter, name: str) -> None:
    parameter = model.network.get_parameter(name)
    parameter.grad = _step(parameter)
    torch.optim.SGD([parameter], lr=1.0).step()


def _past_the_counter(model: SamSegmenter, name: str) -> None:
    parameter = model.network.get_parameter(name)
    parameter.data.add_(_step(parameter))


def _load(model: SamSegmenter, name: str) -> None:
    state = {key: tensor.clone() for key, tensor in model.network.state_dict().items()}
    state[name] += _step(state[name])
    model.network.load_state_dict(state)


def _replace(model: SamSegmenter, name: str) -> None:
    path, _, leaf = name.rpartition(".")
    holder = model.network.get_submodule(path)
    weight = getattr(holder, leaf).detach()
    setattr(holder, leaf, nn.Parameter(weight + _step(weight)))


@pytest.mark.parametrize("change", [_train, _past_the_counter, _load, _replace])
@pytest.mark.parametrize(
    "name",
    [
        "mask_decoder.transformer.layers.0.cross_attn_token_to_image.v_proj.bias",
        "mask_decoder.transformer.layers.0.layer_norm4.weight",
        "mask_decoder.transformer.layers.1.cross_attn_image_to_token.out_proj.weight",
        "mask_decoder.transformer.layers.1.mlp.lin1.weight",
        "mask_decoder.transformer.final_attn_token_to_image.k_proj.weight",
        "mask_decoder.upscale_conv1.weight",
        "mask_decoder.upscale_conv2.weight",
        "prompt_encoder.no_mask_embed.weight",
    ],
)
def test_new_weights_are_answered_with(
    model: SamSegmenter, change: Callable[[SamSegmenter, str], None], name: str
) -> None:
    """Also for an embedding that was asked about before."""
    embedding = model.encode(_picture())
    before = model.decode(embedding, [BOX])[0].low_res
    change(model, name)
    after = model.decode(embedding, [BOX])[0].low_res

    expected = _published(model, embedding)
    assert np.abs(after - before).max() > 1e-3
    assert np.abs(after - expected).max() <= 1e-4 * max(1, np.abs(expected).max())


class _Wrapped(nn.Module):
    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.base(tokens) + 1  # type: ignore[no-any-return]


class _Twice(nn.Module):
    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return 2 * weight


class _OtherLinear(nn.Linear):
    pass


@pytest.mark.parametrize("what", ["wrapper", "hook", "pre-hook", "parametrisation", "subclass", "forward", "half"])
def test_a_changed_decoder_runs_itself(model: SamSegmenter, what: str) -> None:
    mlp = model.network.get_submodule("mask_decoder.transformer.layers.1.mlp")
    linear = mlp.get_submodule("lin2")
    assert isinstance(linear, nn.Linear)
    assert model._picture_decoder.applies()
    if what == "wrapper":
        mlp.lin2 = _Wrapped(linear)
    elif what == "hook":
        linear.register_forward_hook(lambda _m, _a, out: out + 1)
    elif what == "pre-hook":
        linear.register_forward_pre_hook(lambda _m, args: (args[0] + 1,))
    elif what == "parametrisation":
        parametrize.register_parametrization(linear, "weight", _Twice())
    elif what == "subclass":
        mlp.lin2 = _OtherLinear(linear.in_features, linear.out_features)
    elif what == "forward":
        linear.forward = lambda tokens: tokens[..., : linear.out_features]  # type: ignore[method-assign, assignment]
    else:
        model.network.mask_decoder.upscale_conv2.double()
    assert not model._picture_decoder.applies()
    if what != "half":
        embedding = model.encode(_picture())
        assert np.array_equal(model.decode(embedding, [BOX])[0].low_res, _published(model, embedding))


def test_autocast_runs_the_networks_own(model: SamSegmenter) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert not model._picture_decoder.applies()


def test_added_tokens_are_heard(model: SamSegmenter) -> None:
    class Source(nn.Module):
        def forward(self, texts: tuple[str | None, ...]) -> torch.Tensor:
            return torch.full((len(texts), 1, 2, 32), 0.5)

    embedding = model.encode(_picture())
    plain = model.decode(embedding, [BOX, CLICK, PromptSet()])
    model.network.token_sources.append(Source())
    assert model._picture_decoder.applies()
    for prompt, before, answer in zip(
        (BOX, CLICK, PromptSet()), plain, model.decode(embedding, [BOX, CLICK, PromptSet()]), strict=True
    ):
        assert np.abs(answer.low_res - before.low_res).max() > 1e-3
        assert np.abs(answer.low_res - _published(model, embedding, prompt)).max() <= 1e-4


def test_an_embedding_is_not_kept_alive_and_a_copy_has_its_own(model: SamSegmenter) -> None:
    embedding = model.encode(_picture())
    model.decode(embedding, [BOX])
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.network.get_parameter("prompt_encoder.no_mask_embed.weight").add_(1)
    assert np.abs(other.decode(embedding, [BOX])[0].low_res - _published(other, embedding)).max() <= 1e-4
    assert np.abs(model.decode(embedding, [BOX])[0].low_res - _published(model, embedding)).max() <= 1e-4
    kept = model._picture_decoder._kept
    assert kept is not None
    del embedding
    assert kept.features() is None
