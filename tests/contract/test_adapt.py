"""What every adaptation method promises, on every architecture.

A method is trained once per model (:func:`course`); most tests look at what was seen on the way, and the others work on copies.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
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
    MethodConfig,
    attach,
    base_sha256,
    load_adapter,
    save_adapter,
)
from samaritan.core import Box, InputError, MaskHint, ModelError, Points, PromptError, PromptSet, UsageError
from samaritan.models import Segmenter, load_model
from samaritan.models._anatomy import encoder_blocks
from samaritan.models._sam import SamSegmenter

#: Every method is tried on one miniature of each encoder; on the models below, those that meet what is special.
MODELS = ["tiny-litemedsam", "tiny-sam", "tiny-sam2"]
DEFAULT = ("tiny-sam",)  # the default suite's
SPECIAL = {
    "tiny-sam-hq": ("class-prompt", "decoder", "full", "late-layers", "lora", "prompt-free", "probabilistic-sam"),
    "tiny-sam-med2d": ("biases", "late-layers", "lora", "med-sa", "norms", "sam-med2d"),
}
LABELS = ("liver", "spleen")
#: Methods that know nothing of an encoder's blocks, and so fit any encoder.
NO_BLOCKS = {"biases", "class-prompt", "decoder", "full", "probabilistic-sam", "prompt-free"}
#: Size (x, y) of the pictures: neither square nor a multiple of anything.
SHAPE = (31, 22)
#: Every kind of prompt, so that all of the prompt encoder is used.
PROMPTS = (
    PromptSet(box=Box([3, 4], [20, 15]), mask=MaskHint(np.eye(*SHAPE, dtype=np.float32), "image"), text="liver"),
    PromptSet(points=Points([[10, 9], [2, 17]], [1, 0]), text="spleen"),
    PromptSet(text="spleen"),
)


@dataclass(frozen=True, repr=False)
class Course:
    """A method attached to a model and trained for three steps.

    Attributes:
        adapted: the adaptation; who changes it takes a copy.
        digest: hash of the model's weights before.
        plain: answers of the model before.
        attached: answers right after attaching.
        answers: answers after training.
        state: the adaptation's tensors after training.
        before: the network's parameters and buffers right after attaching, copies.
        gradients: of each step.
    """

    adapted: Adaptation
    digest: str
    plain: list[NDArray[np.float32]]
    attached: list[NDArray[np.float32]]
    answers: list[NDArray[np.float32]]
    state: dict[str, Tensor]
    before: dict[str, Tensor]
    gradients: list[dict[str, Tensor | None]]


@cache
def _base(model: str) -> Segmenter:
    return load_model(model)


@cache
def _plain(model: str) -> list[NDArray[np.float32]]:
    return answers(_base(model))


def fresh(model: str) -> SamSegmenter:
    segmenter = copy.deepcopy(_base(model))
    assert isinstance(segmenter, SamSegmenter)
    return segmenter


@cache
def course(model: str, method: str) -> Course:
    segmenter = fresh(model)
    digest, plain = base_sha256(segmenter), _plain(model)
    adapted = attach(segmenter, method, labels=LABELS)
    adapted.train(False)
    attached = answers(segmenter)
    before = {name: tensor.detach().clone() for name, tensor in _tensors(segmenter.network)}
    gradients = learn(adapted, steps=3)
    return Course(adapted, digest, plain, attached, answers(segmenter), adapted.state(), before, gradients)


def again(known: Course) -> Adaptation:
    """The trained adaptation on a model of its own."""
    old = known.adapted
    adapted = attach(fresh(old.segmenter.name), old.method.card.name, labels=LABELS)
    adapted.load_state(known.state)
    adapted.train(False)
    return adapted


PAIRS = [(model, method) for model in MODELS for method in METHODS.names()]
PAIRS += [(model, method) for model, methods in SPECIAL.items() for method in methods]


@pytest.fixture(
    params=[
        pytest.param(pair, id="-".join(pair), marks=[] if pair[0] in DEFAULT else pytest.mark.slow) for pair in PAIRS
    ]
)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    model, method = request.param
    return model, method


@pytest.fixture
def model(pair: tuple[str, str]) -> str:
    return pair[0]


@pytest.fixture
def method(pair: tuple[str, str]) -> str:
    return pair[1]


@pytest.fixture(params=METHODS.names())
def alone(request: pytest.FixtureRequest) -> str:
    """A method, whatever the model."""
    return str(request.param)


@pytest.fixture
def known(model: str, method: str) -> Course:
    return course(model, method)


def picture(seed: int = 0, shape: tuple[int, int] = SHAPE) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(0, 255, (*shape, 3)).astype(np.float32)


def answers(segmenter: Segmenter, *, multimask: bool = False) -> list[NDArray[np.float32]]:
    """Logits of every prompt, one decode call."""
    return [p.logits for p in segmenter.decode(segmenter.encode(picture()), PROMPTS, multimask=multimask)]


def learn(
    adapted: Adaptation, steps: int, rate: float = 1e-2, prompts: Sequence[PromptSet] = PROMPTS
) -> list[dict[str, Tensor | None]]:
    """A few real steps on random targets; returns the gradients of each."""
    adapted.train(True)
    trainable = adapted.named_trainable()
    optimiser = torch.optim.SGD(trainable.values(), lr=rate)
    segmenter, grid = adapted.segmenter, adapted.segmenter.frame.grid
    generator = torch.Generator().manual_seed(0)
    gradients = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for step in range(steps):
            pixels = segmenter.frame.pixels(picture(step))
            wanted = (torch.rand(1, 1, grid, grid, generator=generator) > 0.5).float()
            optimiser.zero_grad()
            loss(adapted, pixels, wanted, prompts).backward()  # type: ignore[no-untyped-call]
            adapted.behaviour.finish()
            gradients.append({n: None if p.grad is None else p.grad.clone() for n, p in trainable.items()})
            nn.utils.clip_grad_norm_(trainable.values(), 1.0)  # as in training
            optimiser.step()
    optimiser.zero_grad()
    adapted.train(False)
    return gradients


def loss(adapted: Adaptation, pixels: Tensor, wanted: Tensor, prompts: Sequence[PromptSet]) -> Tensor:
    """Of one step: the single answer and the three candidates of each, as training asks."""
    network = adapted.network
    adapted.behaviour.observe(pixels, wanted)
    features, total = network.encode(pixels), torch.zeros(())
    for prompt in prompts:
        tensors = adapted.segmenter.prompt_tensors([prompt], SHAPE)
        for multimask in (False, True):
            logits, quality = network.decode(features, tensors, multimask=multimask)
            fit = nn.functional.binary_cross_entropy_with_logits(logits.float(), wanted.expand_as(logits))
            total = total + fit + (quality.float() - 0.5).square().mean()
    penalty = adapted.behaviour.penalty()
    return total if penalty is None else total + penalty


def header(adapted: Adaptation, digest: str) -> AdapterHeader:
    return AdapterHeader(
        method=adapted.method.card.name,
        settings=adapted.config.model_dump(mode="json"),
        base=adapted.segmenter.name,
        base_sha256=digest,
        labels=LABELS,
    )


def same(one: list[NDArray[np.float32]], other: list[NDArray[np.float32]], tolerance: float = 0.0) -> bool:
    return all(np.abs(a - b).max() <= tolerance for a, b in zip(one, other, strict=True))


def _tensors(network: nn.Module) -> list[tuple[str, Tensor]]:
    return [*network.named_parameters(), *network.named_buffers()]


@contextmanager
def untouched(segmenter: SamSegmenter) -> Iterator[None]:
    """What is done inside leaves the model as it was: names, values, what trains, answers."""
    digest, plain, names = base_sha256(segmenter), _plain(segmenter.name), list(segmenter.network.state_dict())
    trains = {name: parameter.requires_grad for name, parameter in segmenter.network.named_parameters()}
    yield
    assert segmenter.network.adaptation is None
    assert list(segmenter.network.state_dict()) == names
    assert base_sha256(segmenter) == digest
    assert {name: parameter.requires_grad for name, parameter in segmenter.network.named_parameters()} == trains
    assert all(parameter.grad is None for parameter in segmenter.network.parameters())
    assert same(answers(segmenter), plain)


# what a method says about itself
def test_the_card_is_complete(alone: str) -> None:
    card = METHODS.get(alone).card
    assert card.name == alone
    assert all(text.strip() for text in (card.title, card.paper, card.attaches, card.trains, card.prompts))
    assert "arXiv " in card.paper
    assert card.identity or card.deviations, "a method that changes answers at attach says why"


def test_the_settings_survive_json(alone: str) -> None:
    config = METHODS.get(alone).config()
    assert isinstance(config, MethodConfig)
    assert type(config).parse(config.model_dump(mode="json"), "the test") == config
    with pytest.raises(InputError, match="no_such_setting"):
        type(config).parse({"no_such_setting": 1}, "the test")


# attaching
def test_attaching_changes_no_answer(known: Course) -> None:
    assert same(known.attached, known.plain, 1e-5) or not known.adapted.method.card.identity


def test_the_seed_decides_and_the_random_state_stays(model: str, method: str) -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = attach(fresh(model), method, labels=LABELS, seed=3)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    second = attach(fresh(model), method, labels=LABELS, seed=3)
    for adapted in (first, second):
        learn(adapted, steps=1, prompts=PROMPTS[:1])
    other = second.state()
    assert all(torch.equal(tensor, other[name]) for name, tensor in first.state().items())


def test_counts_add_up(known: Course) -> None:
    adapted, counts = known.adapted, known.adapted.counts()
    assert counts.trained == sum(p.numel() for p in adapted.network.parameters() if p.requires_grad)
    assert counts.trained > 0
    assert 0 <= counts.own <= counts.trained
    assert counts.base == adapted.segmenter.card.parameters
    assert counts.share == counts.trained / counts.base


def test_a_failed_attach_leaves_no_trace(model: str, method: str) -> None:
    segmenter = fresh(model)
    wrong: list[tuple[dict[str, Any], type[Exception]]] = [({"no_such_setting": 1}, InputError)]
    fields = METHODS.get(method).config.model_fields
    if "blocks" in fields:
        wrong.append(({"blocks": "99"}, UsageError))
    if "train" in fields:
        wrong.append(({"train": ["no such part"]}, InputError))
    with untouched(segmenter):
        for settings, error in wrong:
            with pytest.raises(error):
                attach(segmenter, method, settings, labels=LABELS)


def test_an_unknown_encoder_is_left_alone(alone: str) -> None:
    segmenter = fresh("tiny-sam")
    segmenter.network.image_encoder = nn.Sequential(segmenter.network.image_encoder)
    with untouched(segmenter):
        if alone in NO_BLOCKS:
            adapted = attach(segmenter, alone, labels=LABELS)
            assert not [path for path in adapted.surgery.wrappers if path.startswith("image_encoder")]
            adapted.detach()
        else:
            with pytest.raises(ModelError, match="describe it with an EncoderPlan"):
                attach(segmenter, alone, labels=LABELS)


def test_restricted_to_the_last_block(model: str, method: str) -> None:
    if "blocks" not in METHODS.get(method).config.model_fields:
        pytest.skip(f"{method} has no blocks to choose")
    segmenter = fresh(model)
    plain, others = _plain(model), [block.path for block in encoder_blocks(segmenter.network)[:-1]]
    adapted = attach(segmenter, method, {"blocks": "last:1"}, labels=LABELS)
    adapted.train(False)
    assert not [p for p in adapted.surgery.wrappers if any(p.startswith(f"{other}.") for other in others)]
    assert 0 < adapted.counts().trained < course(model, method).adapted.counts().trained
    attached = answers(segmenter)
    assert same(attached, plain, 1e-5) or not adapted.method.card.identity
    learn(adapted, steps=1, rate=0.1, prompts=PROMPTS[:1])
    assert not same(answers(segmenter), attached)


# training
def test_only_what_is_declared_trains(known: Course) -> None:
    adapted = known.adapted
    trainable = {id(parameter) for parameter in adapted.named_trainable().values()}
    assert {id(p) for p in adapted.network.parameters() if p.requires_grad} == trainable
    after = dict(_tensors(adapted.network))
    own = {id(tensor) for tensor in adapted._tensors().values()}
    frozen = {name: tensor for name, tensor in after.items() if id(tensor) not in own}
    assert frozen
    assert all(tensor.grad is None for tensor in frozen.values())
    assert [name for name, tensor in frozen.items() if not torch.equal(tensor, known.before[name])] == []


def test_everything_that_trains_gets_a_gradient(known: Course) -> None:
    """Matrices behind a zero get theirs in the second step, what lies behind those in the third."""
    assert [n for n, g in known.gradients[1].items() if g is None or not bool(torch.isfinite(g).all())] == []
    # a key's bias adds the same to all scores of a softmax, so its gradient is rounding at most
    still = [n for n, g in known.gradients[2].items() if g is None or not g.any()]
    assert [name for name in still if not name.endswith("k_proj.bias")] == []


def test_training_changes_answers(known: Course) -> None:
    assert not same(known.answers, known.attached)


def test_half_precision(known: Course) -> None:
    adapted = again(known)
    pixels = adapted.segmenter.frame.pixels(picture())
    grid = adapted.segmenter.frame.grid
    adapted.train(True)
    with torch.random.fork_rng(devices=[]), torch.autocast("cpu", torch.bfloat16):
        torch.manual_seed(0)
        total = loss(adapted, pixels, torch.ones(1, 1, grid, grid), PROMPTS[:1])
    total.backward()  # type: ignore[no-untyped-call]
    gradients = {name: p.grad for name, p in adapted.named_trainable().items() if p.grad is not None}
    assert any(bool(gradient.any()) for gradient in gradients.values())
    assert [name for name, gradient in gradients.items() if not bool(torch.isfinite(gradient).all())] == []
    adapted.behaviour.finish()
    adapted.train(False)
    # candidates: between them and a single mask SAM 2 chooses by a threshold, which a rounding may cross
    whole = answers(adapted.segmenter, multimask=True)
    with torch.autocast("cpu", torch.bfloat16):
        half = answers(adapted.segmenter, multimask=True)
    for one, other in zip(half, whole, strict=True):
        assert np.abs(one - other).max() < 0.1 * np.abs(other).max() + 0.1


# the file, folding, taking off
def test_a_saved_adapter_gives_the_same_answers_on_its_base_alone(known: Course, tmp_path: Path) -> None:
    content = known.adapted.state(training=False)
    save_adapter(tmp_path / "a.safetensors", header(known.adapted, known.digest), content)
    save_adapter(tmp_path / "b.safetensors", header(known.adapted, "0" * 64), content)
    segmenter = fresh(known.adapted.segmenter.name)
    with pytest.raises(ModelError, match="other weights"):
        load_adapter(tmp_path / "b.safetensors", segmenter)
    loaded = load_adapter(tmp_path / "a.safetensors", segmenter)
    assert loaded.config == known.adapted.config
    assert same(answers(segmenter), known.answers)


def test_folding_changes_no_answer(known: Course) -> None:
    adapted = again(known)
    if not adapted.method.card.folds:
        with pytest.raises(UsageError, match="cannot be folded"):
            adapted.merge()
        assert same(answers(adapted.segmenter), known.answers)
        return
    adapted.merge()
    assert same(answers(adapted.segmenter), known.answers, 1e-4)
    assert not any(module.training for module in adapted.network.modules())
    adapted.unmerge()
    assert same(answers(adapted.segmenter), known.answers)


def test_detaching_restores_the_model_and_attaching_again_the_adaptation(known: Course) -> None:
    segmenter, name = fresh(known.adapted.segmenter.name), known.adapted.method.card.name
    with untouched(segmenter):
        adapted = attach(segmenter, name, labels=LABELS)
        adapted.load_state(known.state)
        with pytest.raises(UsageError, match="adapted already"):
            attach(segmenter, "decoder")
        assert adapted.detach() is segmenter
    with pytest.raises(UsageError, match="detached"):
        adapted.state()
    second = attach(segmenter, name, labels=LABELS, seed=5)
    adapted.detach()  # has nothing to take back any more
    assert segmenter.network.adaptation == name
    second.load_state(known.state)
    second.train(False)
    assert same(answers(segmenter), known.answers)


# the adapted model is still a Segmenter
def test_a_batch_answers_what_its_prompts_answer_alone(known: Course) -> None:
    segmenter = known.adapted.segmenter
    embedding = segmenter.encode(picture())
    for multimask, count in ((False, 1), (True, 3)):
        together = segmenter.decode(embedding, PROMPTS, multimask=multimask)
        for prompt, answer in zip(PROMPTS, together, strict=True):
            assert answer.logits.shape == (count, *SHAPE)
            assert answer.quality.shape == (count,)
            (alone,) = segmenter.decode(embedding, [prompt], multimask=multimask)
            np.testing.assert_allclose(alone.logits, answer.logits, atol=1e-4)
            np.testing.assert_allclose(alone.quality, answer.quality, atol=1e-4)


def test_pictures_of_a_batch_do_not_mix(known: Course) -> None:
    network, frame = known.adapted.network, known.adapted.segmenter.frame
    pixels = torch.cat([frame.pixels(picture(seed)) for seed in range(2)])
    together = network.encode(pixels).detach()
    with torch.inference_mode():
        for number in range(2):
            alone = network.encode(pixels[number : number + 1])
            torch.testing.assert_close(together[number : number + 1], alone, atol=1e-4, rtol=1e-4)


def test_any_size_of_picture(known: Course) -> None:
    segmenter = known.adapted.segmenter
    for shape in ((1, 1), (9, 40)):
        corner = [shape[0] - 1, shape[1] - 1]
        embedding = segmenter.encode(picture(shape=shape))
        (answer,) = segmenter.decode(embedding, [PromptSet(Points([corner], [1]), Box([0, 0], corner), text="liver")])
        assert answer.logits.shape == (1, *shape)
        assert np.isfinite(answer.logits).all()


def test_a_call_changes_nothing_and_gives_the_same_bits(known: Course) -> None:
    segmenter = known.adapted.segmenter
    before = {name: tensor.clone() for name, tensor in _tensors(segmenter.network)}
    seen = picture()
    seen.flags.writeable = False
    embedding = segmenter.encode(seen)
    features = {name: tensor.clone() for name, tensor in embedding.features.items()}
    calls: list[int] = []
    handle = segmenter.network.image_encoder.register_forward_hook(lambda *_: calls.append(1))
    for outside in (Box([10, 10], [20, 22]), Box([10, 10], [31, 20])):
        with pytest.raises(PromptError):
            segmenter.decode(embedding, [PromptSet(box=outside, text="liver")])
    found = [p.logits for p in segmenter.decode(embedding, PROMPTS)]
    handle.remove()
    assert not calls, "decode never encodes"
    assert same(found, known.answers)
    assert all(torch.equal(tensor, embedding.features[name]) for name, tensor in features.items())
    assert all(torch.equal(tensor, before[name]) for name, tensor in _tensors(segmenter.network))


def test_training_mode_changes_no_answer_and_is_kept(known: Course) -> None:
    adapted = known.adapted
    adapted.train(True)
    modes = {name: module.training for name, module in adapted.network.named_modules()}
    found = answers(adapted.segmenter)
    assert {name: module.training for name, module in adapted.network.named_modules()} == modes
    adapted.train(False)
    assert same(found, known.answers)
    assert not any(module.training for module in adapted.network.modules())


def test_stochastic_answers_follow_the_generator(known: Course) -> None:
    if not known.adapted.method.card.stochastic:
        pytest.skip("gives one answer to one question")
    adapted = again(known)
    segmenter, behaviour = adapted.segmenter, adapted.behaviour
    drawn = []
    for seed in (0, 0, 1):
        behaviour.draw(torch.Generator().manual_seed(seed))
        drawn.append(answers(segmenter))
    assert same(drawn[0], drawn[1])
    assert not same(drawn[0], drawn[2])
    behaviour.draw(None)
    assert same(answers(segmenter), known.answers)
