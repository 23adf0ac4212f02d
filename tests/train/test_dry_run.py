from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from samaritan.adapt import METHODS, Adaptation, attach
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.prompts import make_prompt
from samaritan.train._dry_run import Ledger, dry_run
from samaritan.train._features import Trunk
from samaritan.train._loss import Weights
from samaritan.train._questions import Question
from samaritan.train._step import Batch, Step


def adapted(method: str, model: str = "tiny-litemedsam") -> Adaptation:
    segmenter = load_model(model)
    assert isinstance(segmenter, SamSegmenter)
    return attach(segmenter, method, labels=("organ",))


def questions(pictures: int) -> list[list[Question]]:
    """One about each picture."""
    mask = np.zeros((40, 32), np.float32)
    mask[8:20, 6:16] = 1
    box = make_prompt("box")

    def ask(number: int) -> Question:
        rng = np.random.default_rng(0)
        return Question(number, (40, 32), mask, box.first(mask > 0, rng)[0], box, 1, rng)

    return [[ask(number)] for number in range(pictures)]


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
def test_it_counts_what_a_real_step_makes(method: str, model: str) -> None:
    model_ = adapted(method, model)
    side = model_.segmenter.frame.side
    trunk = Trunk(model_, None, "")
    with Ledger() as ledger:
        pixels = [torch.zeros(1, 3, side, side) for _ in range(2)]
        batch = Batch(
            pixels, [trunk.compute(picture) for picture in pixels], [q for several in questions(2) for q in several]
        )
        held = ledger.restart()
        total = Step(model_, trunk, Weights(), "fp32")(batch)["total"]
        kept = ledger.live - held
        total.backward()
    cost = dry_run(model_, questions(2), "fp32")
    assert cost.features == held
    assert cost.activations == pytest.approx(kept, rel=0.02)
    assert cost.peak == pytest.approx(ledger.peak, rel=0.02)


@pytest.mark.parametrize("method", sorted(METHODS.names()))
def test_every_method_can_be_foreseen_and_stays_as_it_is(method: str) -> None:
    model = adapted(method)
    before = {name: tensor.clone() for name, tensor in model.state().items()}
    cost = dry_run(model, questions(1), "fp32")
    assert 0 < cost.activations < cost.peak
    assert 1.2 < cost.ratio <= 3
    after = model.state()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert all(type(p) is torch.nn.Parameter and p.grad is None for p in model.network.parameters())


def test_it_grows_with_the_pictures() -> None:
    model = adapted("lora")
    one, three = (dry_run(model, questions(count), "fp32") for count in (1, 3))
    assert 2 * one.activations < three.activations < 4 * one.activations
    assert three.forward_flops == pytest.approx(3 * one.forward_flops, rel=0.2)
    assert three.encoding_flops == one.encoding_flops


def test_what_never_changes_keeps_nothing_for_the_backward_pass() -> None:
    frozen, whole = (dry_run(adapted(method), questions(2), "fp32") for method in ("decoder", "full"))
    assert frozen.encoding_flops > 0
    assert whole.encoding_flops == 0
    assert whole.activations > 2 * frozen.activations


def test_half_precision_keeps_less() -> None:
    model = adapted("full", "tiny-sam")
    single, half = (dry_run(model, questions(2), precision).activations for precision in ("fp32", "bf16"))
    assert half < 0.85 * single
