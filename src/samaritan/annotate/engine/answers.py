"""From a question about a slice or a volume to its answer: what the model process does, and a simulated annotator as well."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine import clicks
from samaritan.annotate.engine.corrections import corrected, dice, wrong
from samaritan.annotate.engine.requests import ChainEnd, SliceAnswer, SliceQuestion, VolumeAnswer, VolumeQuestion
from samaritan.core import MaskHint, PromptError, PromptSet
from samaritan.predict._patch import Patch
from samaritan.predict.propagate import Rules
from samaritan.predict.propagate._questions import questions_after
from samaritan.predict.session import VolumeSession, correction
from samaritan.predict.volume import VolumePredictor

Mask = NDArray[np.bool_]

#: Of two answers that overlap by this Dice coefficient, a person is shown but one.
ALIKE = 0.98


def answer_slice(predictor: VolumePredictor, question: SliceQuestion) -> SliceAnswer:
    """Masks of one object on one slice, the best first.

    Weights that know clicks are asked with them. Others are asked for the box that clicks may mean
    (:mod:`samaritan.annotate.engine.clicks`), and obey clicks that correct a mask
    (:mod:`samaritan.annotate.engine.corrections`).

    Args:
        predictor: the model on the question's image and plane.
        question: what was said about the object there.

    Raises:
        PromptError: nothing was said that tells where the object is, or a prompt lies outside the picture.
        InputError: there is no such slice, or it holds values that are not finite.
    """
    started, encoded = time.perf_counter(), predictor.encode_calls
    held = predictor.embedded(question.index)  # then what is counted meanwhile is another thread's
    found = _different(_candidates(predictor, question))[: None if question.several else 1]
    masks, qualities = tuple(mask for mask, _ in found), tuple(quality for _, quality in found)
    return SliceAnswer(masks, qualities, not held and predictor.encode_calls > encoded, time.perf_counter() - started)


def answer_volume(
    predictor: VolumePredictor, question: VolumeQuestion, progress: Callable[[int, int], None] | None = None
) -> VolumeAnswer:
    """One object in the whole volume.

    Masks that a person made are answered as they are, and chains start from them; an empty one says that the object is not
    on that slice, so that no chain goes beyond it.

    Args:
        predictor: the model on the question's image and plane.
        question: what was said on some slices.
        progress: called with (slices done, slices at most); what it raises ends the work.

    Raises:
        PromptError: nothing was said, a prompt lies outside the picture or the bounds, or there is no such slice.
        UnknownNameError: there is no such strategy of propagation.
        UsageError: the model cannot do it.
        InputError: a slice holds values that are not finite.
    """
    started = time.perf_counter()
    session = VolumeSession(predictor, question.propagation)
    stretches = _stretches(question, predictor.view.count)
    drawn = _drawn(session, question)
    asked = {s.name: {k: _said(session, question, k, drawn.get(k)) for k in s.slices} for s in stretches}
    given = {s.name: {k: drawn[k] for k in s.slices if k in drawn} for s in stretches}
    bounds = {} if question.bounds is None else {s.name: question.bounds for s in stretches}
    session.ask_all(asked, bounds=bounds, given=given, progress=progress)
    masks: dict[int, Mask] = {}
    qualities: dict[int, float] = {}
    for stretch in stretches:
        found = {k: one for k, one in session.found(stretch.name).items() if stretch.first <= k <= stretch.last}
        masks |= {k: one.patch.mask() for k, one in found.items() if one.patch.area}
        qualities |= {k: one.quality for k, one in found.items() if one.patch.area}
    stops = tuple(end for stretch in stretches for end in _ends(session, stretch))
    return VolumeAnswer(masks, qualities, stops, time.perf_counter() - started)


def _candidates(predictor: VolumePredictor, question: SliceQuestion) -> list[tuple[Mask, float]]:
    prompt, current = question.prompts, question.current
    if prompt.points is None and prompt.box is None and prompt.mask is None and prompt.text is None:
        raise PromptError("Nothing was said about the object on this slice; give a point, a box or a rough mask.")
    prompt.check_inside(predictor.view.shape)
    if prompt.points is None or _knows_clicks(predictor):
        return _asked(predictor, question)
    if current is not None and current.any() and wrong(current, prompt.points).any():
        return corrected(predictor, question.index, current, prompt)
    if clicks.is_needed(predictor, prompt):
        return clicks.masks_at(predictor, question.index, prompt) or _asked(predictor, question)
    first = replace(question, prompts=replace(prompt, points=None), current=None, several=False)
    if first.prompts.box is None and first.prompts.mask is None:
        raise PromptError("Clicks outside the object do not say where it is; click inside it or draw a box.")
    ((mask, _),) = _asked(predictor, first)
    return corrected(predictor, question.index, mask, prompt)


def _knows_clicks(predictor: VolumePredictor) -> bool:
    return "points" in predictor.segmenter.card.prompts


def _asked(predictor: VolumePredictor, question: SliceQuestion) -> list[tuple[Mask, float]]:
    """What the model says to the prompts as they are; clicks where a mask is are asked with the box around it."""
    prompt, current = question.prompts, question.current
    ambiguous = prompt.box is None and prompt.mask is None and current is None
    if current is not None:
        prompt = correction(prompt, Patch.of_mask(current))
    found: list[tuple[Mask, float]] = []
    if not (ambiguous and question.several):
        (single,) = predictor.decode(question.index, [prompt])
        found.append((single.logits[0] > 0, float(single.quality[0])))
    if question.several:
        (several,) = predictor.decode(question.index, [prompt], multimask=True)
        order = np.argsort(-several.quality, kind="stable")
        found += [(several.logits[c] > 0, float(several.quality[c])) for c in order]
    return found


def _different(found: Sequence[tuple[Mask, float]]) -> list[tuple[Mask, float]]:
    """Without masks that look like an earlier one, and without empty ones where there are others."""
    kept: list[tuple[Mask, float]] = []
    for mask, quality in found:
        if mask.any() and all(dice(mask, other) < ALIKE for other, _ in kept):
            kept.append((mask, quality))
    return kept or list(found[:1])


@dataclass(frozen=True)
class _Stretch:
    """Slices ``first``..``last``, and those of them where something was said, between two where the object is not."""

    first: int
    last: int
    slices: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"{self.first}-{self.last}"


def _stretches(question: VolumeQuestion, count: int) -> list[_Stretch]:
    empty = sorted(index for index, mask in question.fixed.items() if not mask.any())
    said = sorted({*question.prompts, *question.fixed} - set(empty))
    if not said:
        raise PromptError(
            "Nothing was said about the object on any slice of this plane; give a point or a box, or paint it."
        )
    if said[0] < 0 or said[-1] >= count:
        wrong = said[0] if said[0] < 0 else said[-1]
        raise PromptError(f"There is no slice {wrong}; slices run from 0 to {count - 1}.")
    found = []
    for before, after in zip([-1, *empty], [*empty, count], strict=True):
        slices = tuple(index for index in said if before < index < after)
        if slices:
            found.append(_Stretch(before + 1, after - 1, slices))
    return found


def _drawn(session: VolumeSession, question: VolumeQuestion) -> dict[int, Mask]:
    """Masks that a person made, and the answers to clicks that the model cannot be asked with as they are."""
    masks = dict(question.fixed)
    for index, prompt in question.prompts.items():
        if index not in masks and prompt.points is not None and not _knows_clicks(session.predictor):
            clicked = SliceQuestion(question.image, question.plane, index, prompt, several=False)
            masks[index] = answer_slice(session.predictor, clicked).masks[0]
    return masks


def _said(session: VolumeSession, question: VolumeQuestion, index: int, mask: Mask | None) -> Sequence[PromptSet]:
    """What is asked on a slice: the prompts, or what leads to the mask that is there."""
    if mask is None or not mask.any():
        return (question.prompts[index],)
    if session.strategy.name == "memory":
        return (PromptSet(mask=MaskHint.from_mask(mask)),)
    text = next((prompt.text for prompt in question.prompts.values()), None)
    return questions_after(Patch.of_mask(mask), Rules(), session.predictor.segmenter.card.prompts, text)


def _ends(session: VolumeSession, stretch: _Stretch) -> list[ChainEnd]:
    return [
        ChainEnd(stop.start, stop.step, stop.last, stop.reason, expected=stop.reason.startswith("reached "))
        for stop in session.stops(stretch.name)
        if stretch.first <= stop.start <= stretch.last
    ]
