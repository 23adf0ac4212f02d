"""Attaching, counting, training mode, state, folding and detaching, beyond what every method promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from samaritan.adapt import (
    METHODS,
    Adaptation,
    AdapterHeader,
    Method,
    MethodCard,
    MethodConfig,
    Surgery,
    Wrapper,
    attach,
    base_sha256,
    load_adapter,
    save_adapter,
)
from samaritan.adapt.decoder import DecoderConfig
from samaritan.adapt.lora import LoraConfig
from samaritan.core import Box, ModelError, PromptSet, UnknownNameError, UsageError
from samaritan.models._anatomy import EncoderPlan
from samaritan.models._sam import SamSegmenter


class Shifted(Wrapper):
    """Adds a shift; several may share one, and a child of its own is in training mode or not."""

    def __init__(self, base: nn.Module, shift: nn.Parameter) -> None:
        super().__init__(base)
        self.shift = shift
        self.dropout = nn.Dropout(0.5)

    def forward(self, *inputs: Any) -> Tensor:
        shifted: Tensor = self.base(*inputs) + self.shift
        return shifted


@pytest.fixture
def method(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Surgery], None]], str]:
    """``method(change)``: the name of a method that does ``change(surgery)``."""

    def register(change: Callable[[Surgery], None]) -> str:
        METHODS.names()  # the room is full before something is added to it
        card = MethodCard("mine", "", "", "", "")
        monkeypatch.setitem(METHODS._entries, "mine", Method(card, MethodConfig, lambda surgery, _: change(surgery)))
        return "mine"

    return register


def _answer(segmenter: SamSegmenter) -> NDArray[np.float32]:
    picture = np.random.default_rng(0).uniform(0, 255, (31, 22, 3)).astype(np.float32)
    (answer,) = segmenter.decode(segmenter.encode(picture), [PromptSet(box=Box([3, 4], [20, 15]), text="liver")])
    return answer.logits


def _shift(adapted: Adaptation) -> None:
    """Values as after training."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in adapted.named_trainable().values():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))


def test_what_wrappers_share_is_one_tensor(
    tiny_sam: SamSegmenter, method: Callable[[Callable[[Surgery], None]], str]
) -> None:
    def change(surgery: Surgery) -> None:
        shift = nn.Parameter(torch.zeros(32))
        for block in surgery.blocks():
            surgery.wrap(block.at("proj"), lambda base: Shifted(base, shift))

    adapted = attach(tiny_sam, method(change))
    assert list(adapted.state()) == ["own.image_encoder.layers.0.attn.proj.shift"]
    assert adapted.counts().trained == adapted.counts().own == 32
    adapted.load_state({"own.image_encoder.layers.0.attn.proj.shift": torch.full((32,), 3.0)})
    second = adapted.surgery.wrappers["image_encoder.layers.1.attn.proj"]
    assert isinstance(second, Shifted)
    assert torch.equal(second.shift, torch.full((32,), 3.0))


def test_training_mode_is_the_methods_own(
    tiny_litemedsam: SamSegmenter, method: Callable[[Callable[[Surgery], None]], str]
) -> None:
    def change(surgery: Surgery) -> None:
        for path in ("image_encoder.neck", "image_encoder.layers.3.blocks.0.local_conv"):
            surgery.wrap(path, lambda base: Shifted(base, nn.Parameter(torch.zeros(1))))

    adapted = attach(tiny_litemedsam, method(change))
    adapted.train()
    training = {name for name, module in adapted.network.named_modules() if module.training}
    assert training == {
        f"image_encoder.{path}{child}"
        for path in ("neck", "layers.3.blocks.0.local_conv")
        for child in ("", ".dropout")
    }
    adapted.train(False)
    assert not any(module.training for module in adapted.network.modules())


def test_a_wrapper_without_a_fold_stays(
    tiny_sam: SamSegmenter, method: Callable[[Callable[[Surgery], None]], str]
) -> None:
    def change(surgery: Surgery) -> None:
        surgery.wrap("image_encoder.neck", lambda base: Shifted(base, nn.Parameter(torch.zeros(1))))

    adapted = attach(tiny_sam, method(change))
    with pytest.raises(UsageError, match="mine cannot be folded"):
        adapted.merge()
    assert not adapted.merged
    assert isinstance(tiny_sam.network.get_submodule("image_encoder.neck"), Shifted)


@pytest.mark.parametrize("broken", [RuntimeError, KeyboardInterrupt])
def test_a_method_that_breaks_off_leaves_no_trace(
    tiny_sam: SamSegmenter, method: Callable[[Callable[[Surgery], None]], str], broken: type[BaseException]
) -> None:
    def change(surgery: Surgery) -> None:
        surgery.wrap("image_encoder.neck", lambda base: Shifted(base, nn.Parameter(torch.zeros(1))))
        surgery.add_tokens(nn.Identity())
        surgery.train(["decoder"])
        raise broken

    digest, flags = base_sha256(tiny_sam), [p.requires_grad for p in tiny_sam.network.parameters()]
    with pytest.raises(broken):
        attach(tiny_sam, method(change))
    assert base_sha256(tiny_sam) == digest
    assert [p.requires_grad for p in tiny_sam.network.parameters()] == flags
    assert not len(tiny_sam.network.token_sources)
    assert attach(tiny_sam, "decoder").counts().trained > 0


def test_what_trains_nothing_is_refused(tiny_sam: SamSegmenter) -> None:
    for name, settings in (("decoder", {"train": ()}), ("lora", {"blocks": "none", "train": ()})):
        with pytest.raises(UsageError, match=f"With these settings {name} trains nothing"):
            attach(tiny_sam, name, settings)
        assert tiny_sam.network.adaptation is None
        assert any(parameter.requires_grad for parameter in tiny_sam.network.parameters())


def test_settings_as_a_mapping_or_as_an_object(tiny_sam: SamSegmenter) -> None:
    first = attach(tiny_sam, "lora", {"rank": 2})
    first.detach()
    second = attach(tiny_sam, "lora", LoraConfig(rank=2))
    assert first.config == second.config
    second.detach()
    with pytest.raises(UsageError, match="DecoderConfig is not for lora; its settings are LoraConfig"):
        attach(tiny_sam, "lora", DecoderConfig())
    with pytest.raises(UnknownNameError, match=r"did you mean .*lora"):
        attach(tiny_sam, "lorra")


def test_training_after_folding_unfolds(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "lora", {"train": ()})
    _shift(adapted)
    expected = _answer(tiny_sam)
    adapted.merge()
    adapted.merge()
    merged = [adapted.merged]
    assert not any(p.requires_grad for p in adapted.network.parameters())
    adapted.train()
    assert [*merged, adapted.merged] == [True, False]
    adapted.train(False)
    assert np.array_equal(_answer(tiny_sam), expected)


def test_a_state_filled_in_after_folding_counts(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "lora", {"train": ()})
    plain, start = _answer(tiny_sam), adapted.state()
    _shift(adapted)
    adapted.merge()
    assert not np.allclose(_answer(tiny_sam), plain, atol=1e-3)
    adapted.load_state(start)
    assert np.array_equal(_answer(tiny_sam), plain)


def test_a_state_is_a_copy(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "decoder")
    state = adapted.state()
    before = {name: tensor.clone() for name, tensor in state.items()}
    _shift(adapted)

    assert all(torch.equal(tensor, before[name]) for name, tensor in state.items())
    assert not any(tensor.requires_grad for tensor in state.values())


def test_a_state_that_does_not_fit_changes_nothing(tiny_sam: SamSegmenter) -> None:
    adapted = attach(tiny_sam, "lora")
    before = adapted.state()
    wrong = {name: tensor + 1 for name, tensor in before.items()}
    name = sorted(wrong)[0]
    wrong[name] = wrong[name][..., :1]
    with pytest.raises(ModelError, match=rf"The adapter does not fit lora: {name} is .* instead of"):
        adapted.load_state(wrong)
    assert all(torch.equal(tensor, before[name]) for name, tensor in adapted.state().items())


def test_detaching_while_folded(tiny_sam: SamSegmenter) -> None:
    digest, plain = base_sha256(tiny_sam), _answer(tiny_sam)
    adapted = attach(tiny_sam, "lora")
    _shift(adapted)
    adapted.merge()
    adapted.detach()

    assert base_sha256(tiny_sam) == digest
    assert np.array_equal(_answer(tiny_sam), plain)
    adapted.detach()
    with pytest.raises(UsageError, match="lora is detached"):
        adapted.state()


@pytest.mark.parametrize("name", ["lora", "dora", "oft", "vera", "ia3", "late-layers", "norms", "s-sam"])
def test_an_encoder_described_by_a_plan(toy: SamSegmenter, toy_plan: EncoderPlan, name: str, tmp_path: Path) -> None:
    """The whole contract in short, on an encoder of which the package knows nothing but the plan."""
    with pytest.raises(ModelError, match="class ToyViT"):
        attach(toy, name, labels=("liver",))
    digest, plain = base_sha256(toy), _answer(toy)
    adapted = attach(toy, name, labels=("liver",), plan=toy_plan)
    adapted.train(False)
    if adapted.method.card.identity:
        np.testing.assert_allclose(_answer(toy), plain, atol=1e-5)
    _shift(adapted)
    trained = _answer(toy)
    assert np.abs(trained - plain).max() > 1e-3
    header = AdapterHeader(
        method=name, base="toy", base_sha256=digest, labels=("liver",),
        settings=adapted.config.model_dump(mode="json"),
    )  # fmt: skip
    save_adapter(tmp_path / "a.safetensors", header, adapted.state())
    if adapted.method.card.folds:
        adapted.merge()
        np.testing.assert_allclose(_answer(toy), trained, atol=1e-4)
    adapted.detach()
    assert base_sha256(toy) == digest
    load_adapter(tmp_path / "a.safetensors", toy, plan=toy_plan)
    np.testing.assert_array_equal(_answer(toy), trained)
