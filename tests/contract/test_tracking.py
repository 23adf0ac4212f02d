"""What every model with a memory promises; see :class:`samaritan.models.TrackingSegmenter`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from samaritan.core import Box, MaskHint, Points, PromptError, PromptSet
from samaritan.models import MODELS, Embedding, Memory, Prediction, Track, TrackingSegmenter, load_model
from samaritan.models._sam import SamSegmenter
from samaritan.predict.runtimes._segmenter import compiled

#: Size (x, y) of the pictures: neither square nor a multiple of anything.
SHAPE = (45, 31)
TOLERANCE = 1e-4

NAMES = [
    name
    for name in MODELS.names()
    if "tiny" in MODELS.get(name).tags and isinstance(load_model(name), TrackingSegmenter)
]

#: Prompts with one answer: a box, two clicks, a box and a click.
PROMPTS = (
    PromptSet(box=Box([5, 4], [20, 15])),
    PromptSet(Points([[30, 9], [2, 17]], [1, 0])),
    PromptSet(Points([[35, 20]], [1]), Box([28, 14], [40, 29])),
)
CLICK = PromptSet(Points([[12, 9]], [1]))

Answer = tuple[Prediction, Memory]


@pytest.fixture(scope="module", params=NAMES)
def segmenter(request: pytest.FixtureRequest) -> TrackingSegmenter:
    loaded = load_model(request.param)
    assert isinstance(loaded, TrackingSegmenter)
    return loaded


@pytest.fixture(scope="module")
def slices(segmenter: TrackingSegmenter) -> list[Embedding]:
    return [segmenter.encode(_picture(seed)) for seed in range(3)]


def _picture(seed: int) -> NDArray[np.float32]:
    picture = np.random.default_rng(seed).uniform(0, 60, (*SHAPE, 3)).astype(np.float32)
    picture[4 + seed : 20 + seed, 4:16] += 120
    return picture


def _first(segmenter: TrackingSegmenter, embedding: Embedding) -> list[Answer]:
    return segmenter.follow(embedding, [Track(prompt=prompt) for prompt in PROMPTS])


def _near(one: Answer, other: Answer) -> bool:
    pairs = [(getattr(one[0], part), getattr(other[0], part)) for part in ("logits", "quality", "low_res")]
    pairs += [(one[1].features[name].numpy(), other[1].features[name].numpy()) for name in one[1].features]
    return all(np.abs(a - b).max() <= TOLERANCE for a, b in pairs)


def _pasts(answers: Sequence[Answer]) -> list[Track]:
    return [Track(past=((1, memory),)) for _, memory in answers]


def test_there_is_a_model_with_a_memory() -> None:
    assert NAMES


def test_what_an_answer_is(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    for prediction, memory in _first(segmenter, slices[0]):
        assert prediction.logits.shape == (1, *SHAPE)
        assert prediction.quality.shape == (1,)
        assert memory.prompted
        assert memory.features
        assert all(tensor.shape[0] == 1 and bool(tensor.isfinite().all()) for tensor in memory.features.values())
    for _, memory in segmenter.follow(slices[1], _pasts(_first(segmenter, slices[0]))):
        assert not memory.prompted


def test_a_prompt_alone_is_answered_as_without_a_memory(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    decoded = segmenter.decode(slices[0], PROMPTS)
    followed = [prediction for prediction, _ in _first(segmenter, slices[0])]
    present = [one.low_res.max() > -100 for one in followed]
    assert any(present)
    for one, other in zip(decoded, followed, strict=True):
        if other.low_res.max() > -100:  # the model says that the target is there
            assert np.abs(one.logits - other.logits).max() <= TOLERANCE
            assert np.abs(one.low_res - other.low_res).max() <= TOLERANCE
        assert np.abs(one.quality - other.quality).max() <= TOLERANCE


def test_of_one_click_the_best_candidate_is_the_answer(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    (candidates,) = segmenter.decode(slices[0], [CLICK], multimask=True)
    ((followed, _),) = segmenter.follow(slices[0], [Track(prompt=CLICK)])
    assert followed.quality[0] == pytest.approx(candidates.quality.max(), abs=TOLERANCE)


def _drawing() -> NDArray[np.bool_]:
    """A shape with a hole, a thin line and a single pixel."""
    mask = np.zeros(SHAPE, bool)
    mask[8:30, 6:20] = True
    mask[15:19, 10:13] = False
    mask[2, 3:28] = mask[40, 25] = True
    return mask


def test_a_drawn_mask_is_the_answer_to_the_pixel(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    """However sure the drawing was said to be, and whatever was known before."""
    mask = _drawing()
    past = tuple((1, memory) for _, memory in _first(segmenter, slices[0])[:1])
    prompts = [PromptSet(mask=MaskHint.from_mask(mask, strength)) for strength in (10.0, 0.5)]
    tracks = [Track(prompt=prompts[0]), Track(past, prompts[0]), Track(prompt=prompts[1])]
    answers = segmenter.follow(slices[1], tracks)
    for prediction, memory in answers:
        assert np.array_equal(prediction.masks[0], mask)
        assert np.array_equal(np.unique(prediction.logits), [-10, 10])
        assert prediction.quality == pytest.approx(1)
        assert memory.prompted
    assert all(_near(answers[0], other) for other in answers[1:])
    ((found, _),) = segmenter.follow(slices[2], [Track(((1, answers[0][1]),))])
    ((other, _),) = segmenter.follow(slices[2], [Track(past)])
    assert np.abs(found.low_res - other.low_res).max() > 1e-3


def test_an_empty_drawing_says_that_nothing_is_there(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    tracks = [Track(prompt=PromptSet(mask=MaskHint.from_mask(mask))) for mask in (np.zeros(SHAPE, bool), _drawing())]
    (empty, nothing), (_, something) = segmenter.follow(slices[0], tracks)
    assert not empty.masks.any()
    assert all((nothing.features[name] - something.features[name]).abs().max() > 1e-3 for name in nothing.features)


def test_a_mask_beside_other_prompts_and_the_models_own_are_hints(
    segmenter: TrackingSegmenter, slices: list[Embedding]
) -> None:
    drawn, low = MaskHint.from_mask(_drawing()), _first(segmenter, slices[0])[0][0].low_res[0]
    prompts = [replace(prompt, mask=drawn) for prompt in PROMPTS] + [PromptSet(mask=MaskHint(low, "model"))]
    decoded = segmenter.decode(slices[0], prompts)
    followed = segmenter.follow(slices[0], [Track(prompt=prompt) for prompt in prompts])
    for prediction, _ in followed:
        assert np.abs(np.abs(prediction.logits) - 10).max() > 1e-3
    for one, (other, _) in zip(decoded[:-1], followed[:-1], strict=True):
        if other.low_res.max() > -100:
            assert np.abs(one.low_res - other.low_res).max() <= TOLERANCE


def test_several_targets_are_answered_as_each_alone(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    first = _first(segmenter, slices[0])
    second = segmenter.follow(slices[1], _pasts(first))
    tracks = [
        *_pasts(second),
        *(Track(((2, one[1]), (1, other[1]))) for one, other in zip(first, second, strict=True)),
        *(Track(((2, one[1]),), prompt) for one, prompt in zip(first, PROMPTS, strict=True)),
        *(Track(prompt=prompt) for prompt in PROMPTS),
        Track(((2, first[0][1]),), PromptSet(mask=MaskHint.from_mask(_drawing()))),
        *_pasts(first * 2),
        Track(prompt=PromptSet(mask=MaskHint.from_mask(_drawing()[::-1]))),
        Track(prompt=PromptSet(mask=MaskHint(first[0][0].low_res[0], "model"))),
    ]
    together = segmenter.follow(slices[2], tracks)
    assert len(together) == len(tracks)
    for track, answer in zip(tracks, together, strict=True):
        assert _near(answer, segmenter.follow(slices[2], [track])[0])


def test_no_targets_no_answers(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    assert segmenter.follow(slices[0], []) == []


def test_an_answer_depends_on_the_memories(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    first = _first(segmenter, slices[0])
    answers = [prediction for prediction, _ in segmenter.follow(slices[1], _pasts(first))]
    assert np.abs(answers[0].low_res - answers[1].low_res).max() > 1e-3
    both = Track(past=((1, first[0][1]), (2, first[1][1])))
    assert np.abs(segmenter.follow(slices[1], [both])[0][0].quality - answers[0].quality).max() > 1e-6
    near, far = (segmenter.follow(slices[1], [Track(((d, first[0][1]),))])[0][0] for d in (1, 9))
    assert np.abs(near.quality - far.quality).max() > 1e-7


def test_order_and_direction_of_the_past_do_not_matter(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    first = _first(segmenter, slices[0])
    second = segmenter.follow(slices[1], _pasts(first))
    past = ((2, first[0][1]), (1, second[0][1]))
    one, other = (segmenter.follow(slices[2], [Track(order)])[0] for order in (past, past[::-1]))
    assert _near(one, other)


def test_nothing_is_kept_between_calls(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    first = _first(segmenter, slices[0])
    before = {name: tensor.clone() for name, tensor in first[0][1].features.items()}
    state = {name: tensor.clone() for name, tensor in segmenter.network.state_dict().items()}
    one = segmenter.follow(slices[1], _pasts(first))
    segmenter.follow(slices[2], _pasts(first[::-1]))
    segmenter.decode(slices[2], PROMPTS)
    other = segmenter.follow(slices[1], _pasts(first))
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a[0].logits, b[0].logits)
        assert all(torch.equal(a[1].features[name], b[1].features[name]) for name in a[1].features)
    assert all(torch.equal(tensor, first[0][1].features[name]) for name, tensor in before.items())
    assert all(torch.equal(tensor, state[name]) for name, tensor in segmenter.network.state_dict().items())


def test_training_mode_changes_no_answer_and_is_kept(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    expected = _first(segmenter, slices[0])
    segmenter.network.train()
    found = _first(segmenter, slices[0])
    assert all(module.training for module in segmenter.network.modules())
    segmenter.network.eval()
    assert all(np.array_equal(a[0].logits, b[0].logits) for a, b in zip(expected, found, strict=True))


def test_a_target_that_is_not_there_has_no_pixels(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    """A few steps from slice to slice: either some pixel may be the target's, or every logit says no."""
    found = _first(segmenter, slices[0])
    answers = []
    for step in range(1, 7):
        found = segmenter.follow(slices[step % len(slices)], _pasts(found))
        answers += [prediction for prediction, _ in found]
    absent = [p for p in answers if p.low_res.max() < -100]
    assert absent, "the miniature never says that a target is absent"
    assert all(p.logits.max() <= 0 and not p.masks.any() for p in absent)


def test_a_memory_may_be_told_to_be_no_prompt(segmenter: TrackingSegmenter, slices: list[Embedding]) -> None:
    """Who drives decides what counts as a prompt for later slices."""
    memory = _first(segmenter, slices[0])[0][1]
    one, other = (segmenter.follow(slices[1], [Track(((1, m),))])[0] for m in (memory, replace(memory, prompted=False)))
    assert not _near(one, other)


@pytest.mark.parametrize(
    "track",
    [
        Track(),
        Track(prompt=PromptSet(box=Box([5, 4], [20, SHAPE[1]]))),
        Track(prompt=PromptSet(Points([[SHAPE[0], 3]], [1]))),
        Track(prompt=PromptSet(mask=MaskHint.from_mask(np.ones(SHAPE[::-1], bool)))),
    ],
)
def test_what_cannot_be_followed_is_refused(
    segmenter: TrackingSegmenter, slices: list[Embedding], track: Track
) -> None:
    with pytest.raises(PromptError):
        segmenter.follow(slices[0], [Track(prompt=PROMPTS[0]), track])


def test_of_a_prompted_slice_ahead_only_the_memory_is_looked_at(
    segmenter: TrackingSegmenter, slices: list[Embedding]
) -> None:
    """A slice ahead counts, differently from one that was passed; without a prompt it does not count."""
    first = _first(segmenter, slices[0])[0][1]
    later = _first(segmenter, slices[2])[0][1]
    tracks = [Track(((1, first), (distance, memory))) for distance, memory in ((-1, later), (1, later))]
    tracks += [Track(((1, first), (-1, replace(later, prompted=False)))), Track(((1, first),))]
    ahead, passed, unprompted, alone = segmenter.follow(slices[1], tracks)
    assert not _near(ahead, passed)
    assert not _near(ahead, alone)
    assert _near(unprompted, alone)


def test_a_compiled_encoder_leaves_a_model_its_memory(segmenter: TrackingSegmenter) -> None:
    assert isinstance(segmenter, SamSegmenter)
    other = compiled(segmenter, segmenter.network.encode, {})
    assert isinstance(other, TrackingSegmenter)
    embedding = other.encode(_picture(0))
    one, two = (_first(model, embedding)[0] for model in (segmenter, other))
    assert _near(one, two)
