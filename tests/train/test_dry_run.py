from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from samaritan.adapt import METHODS, Adaptation, attach
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.prompts import make_prompt
from samaritan.train._dry_run import Ledger, dry_run
from samaritan.train._examples import Example
from samaritan.train._features import Trunk
from samaritan.train._loss import Weights
from samaritan.train._questions import Question
from samaritan.train._sampler import Drawn
from samaritan.train._step import Batch, Step


def adapted(method: str, model: str = "tiny-litemedsam") -> Adaptation:
    segmenter = load_model(model)
    assert isinstance(segmenter, SamSegmenter)
    return attach(segmenter, method, labels=("organ",))


def drawn(pictures: int, depth: int = 1) -> list[Drawn]:
    """Pictures with one question about each."""
    mask = np.zeros((40, 32), np.float32)
    mask[8:20, 6:16] = 1
    box, rng = make_prompt("box"), np.random.default_rng(0)
    prompt = replace(box.first(mask > 0, rng)[0], text="organ")
    example = Example("a/b/0", "b", None, np.zeros((depth, 40, 32, 3), np.float16), ())
    return [Drawn(example, [Question(number, (40, 32), mask, prompt, box, 2, rng)]) for number in range(pictures)]


def test_the_ledger_counts_what_lives() -> None:
    with Ledger() as ledger:
        first = torch.zeros(1000)
        view = first.view(10, 100)[2:]
        assert ledger.live == 4000
        second = first + 1
        assert ledger.live == 8000
        del first, view
        assert ledger.live == 4000
        assert ledger.restart() == 4000
        total: Tensor = second.double().sum()
        assert ledger.peak == 12_008
        del second
        assert ledger.live == total.nbytes == 8


@pytest.mark.parametrize(("method", "model"), [("lora", "tiny-litemedsam"), ("decoder", "tiny-sam")])
@pytest.mark.slow
def test_it_counts_what_a_real_step_makes(method: str, model: str) -> None:
    model_ = adapted(method, model)
    frame = model_.segmenter.frame
    trunk = Trunk(model_, None, "")
    with Ledger() as ledger:
        batch = Batch()
        for one in drawn(2):
            batch.add(one.example, [replace(q, rounds=1) for q in one.questions], frame, trunk)
        held = ledger.restart()
        total = Step(model_, trunk, Weights(), "fp32")(batch)["total"]
        kept = ledger.live - held
        total.backward()
    cost = dry_run(model_, drawn(2), "fp32")
    assert cost.features == held
    assert cost.activations == pytest.approx(kept, rel=0.02)
    assert cost.peak == pytest.approx(ledger.peak, rel=0.02)


@pytest.mark.parametrize("method", sorted(METHODS.names()))
@pytest.mark.slow
def test_every_method_can_be_foreseen_and_stays_as_it_is(method: str) -> None:
    model = adapted(method)
    before = {name: tensor.clone() for name, tensor in model.state().items()}
    cost = dry_run(model, drawn(1), "fp32")
    assert 0 < cost.activations < cost.peak
    assert 1.2 < cost.ratio <= 3
    after = model.state()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert all(type(p) is torch.nn.Parameter and p.grad is None for p in model.network.parameters())


@pytest.mark.slow
def test_it_grows_with_the_pictures() -> None:
    model = adapted("lora")
    one, three = (dry_run(model, drawn(count), "fp32") for count in (1, 3))
    assert 2 * one.activations < three.activations < 4 * one.activations
    assert three.forward_flops == pytest.approx(3 * one.forward_flops, rel=0.2)
    assert three.encoding_flops == one.encoding_flops


@pytest.mark.slow
def test_slices_that_are_encoded_together_count() -> None:
    segmenter = load_model("tiny-sam")
    assert isinstance(segmenter, SamSegmenter)
    model = attach(segmenter, "med-sa", {"depth": 3})
    one, stack = (dry_run(model, drawn(1, depth), "fp32") for depth in (1, 3))
    assert stack.features > 2.5 * one.features
    assert stack.activations > 1.5 * one.activations


@pytest.mark.slow
def test_what_never_changes_keeps_nothing_for_the_backward_pass() -> None:
    frozen, whole = (dry_run(adapted(method), drawn(2), "fp32") for method in ("decoder", "full"))
    assert frozen.encoding_flops > 0
    assert whole.encoding_flops == 0
    assert whole.activations > 2 * frozen.activations


@pytest.mark.slow
def test_what_is_computed_again_is_not_kept() -> None:
    kept, again = (dry_run(adapted("lora"), drawn(2), "fp32", checkpointing=chosen) for chosen in (False, True))
    assert again.activations < 0.6 * kept.activations
    assert again.peak < kept.peak
    assert again.step_flops > kept.step_flops
    assert again.forward_flops == kept.forward_flops


@pytest.mark.slow
def test_half_precision_keeps_less() -> None:
    model = adapted("full", "tiny-sam")
    single, half = (dry_run(model, drawn(2), precision).activations for precision in ("fp32", "bf16"))
    assert half < 0.85 * single
