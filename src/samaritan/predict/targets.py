"""Several targets, prompted on any slices of one volume, to one segmentation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from samaritan.core import LabelMap, Plane, PromptError, PromptSet, SliceView, UsageError, Volume
from samaritan.models._base import Segmenter
from samaritan.predict._ask import Candidates, replies
from samaritan.predict._collector import Answer, Collector
from samaritan.predict._course import Course, Work, go
from samaritan.predict._strands import lowered, strands_of
from samaritan.predict.cache import EmbeddingCache
from samaritan.predict.overlap import Overlap, check_overlap
from samaritan.predict.propagate import STRATEGIES
from samaritan.predict.segmentation import Segmentation
from samaritan.predict.volume import VolumePredictor

#: The largest label value that a label map can hold.
MOST_TARGETS = 65535

#: So many embeddings of whole slices are held, for slices that chains visit from both sides.
KEEP = 16


class _Run(Protocol):
    def __call__(
        self,
        predictor: VolumePredictor,
        *,
        collector: Collector,
        candidates: Candidates,
        progress: Callable[[int, int], None] | None,
    ) -> tuple[Work, Course | None, list[str]]: ...


def predict(
    segmenter: Segmenter,
    volume: Volume,
    targets: Mapping[str, Sequence[PromptSet]],
    *,
    overlap: Overlap = "quality",
    plane: Plane = "auto",
    modality: str | None = None,
    intensity: str | None = None,
    framing: str = "whole",
    candidates: Candidates = "single",
    propagation: str = "none",
    cache: EmbeddingCache | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Segmentation:
    """Segment ``targets`` of ``volume``, slice by slice, with one encoding per visited slice, or part of it.

    Args:
        segmenter: the model.
        volume: the image.
        targets: name -> prompts in voxel positions of the volume. Several PromptSets on one slice are asked separately and
            their masks united. A box with depth asks on every slice it crosses, and propagation goes no further.
        overlap: who gets a voxel that several targets claim, see :data:`samaritan.predict.overlap.Overlap`.
        plane: see :class:`VolumePredictor`.
        modality: see :class:`VolumePredictor`.
        intensity: see :class:`VolumePredictor`.
        framing: see :class:`VolumePredictor`.
        propagation: "none" segments prompted slices only; other names of :data:`samaritan.predict.propagate.STRATEGIES` go
            on from there to slices that nobody asked about. A picture has no others.
        cache: see :class:`VolumePredictor`.
        candidates: the model's one mask, or of its three the one that it rates best.
        progress: called with (slices done, slices in all).

    Raises:
        PromptError: no target, a target without a prompt, a prompt outside the image, or, with the rule "refuse",
            targets that overlap.
        UsageError: an unknown rule, plane, intensity policy or framing, or a propagation that the model cannot do.
        UnknownNameError: there is no such propagation.
    """
    started = time.perf_counter()
    check_overlap(overlap)
    if candidates not in ("single", "quality"):
        raise UsageError(f"There is no choice of candidates {candidates!r}; use single or quality.")
    STRATEGIES.get(propagation)
    view = SliceView.of(volume.geometry, plane)
    _check_targets(targets)
    run: _Run
    if propagation == "none" or view.count == 1:
        run = partial(_slice_by_slice, work=split_by_slice(view, targets))
    else:
        run = partial(go, strands=strands_of(view, targets), propagation=propagation)
    predictor = VolumePredictor(
        segmenter, volume, plane=plane, modality=modality, intensity=intensity, keep=KEEP, cache=cache, framing=framing
    )
    collector = Collector(predictor.view, tuple(targets), overlap)
    work, course, said = run(predictor, collector=collector, candidates=candidates, progress=progress)
    warnings = (*_prompt_warnings(segmenter, work), *said)
    return assemble(predictor, collector, tuple(targets), started, prompts=work, course=course, warnings=warnings)


def assemble(
    predictor: VolumePredictor,
    collector: Collector,
    targets: tuple[str, ...],
    started: float,
    *,
    prompts: Work,
    course: Course | None = None,
    warnings: Sequence[str] = (),
) -> Segmentation:
    """The result of a collector that is full.

    Args:
        predictor: the model on the volume.
        collector: what was found.
        targets: their names, in the collector's order.
        started: when work began, on the clock of ``time.perf_counter``.
        prompts: what was asked.
        course: how masks got beyond prompted slices.
        warnings: sentences between those about the image and those about the masks.
    """
    return Segmentation(
        labelmap=LabelMap(collector.data, predictor.volume.geometry, dict(enumerate(targets, start=1))),
        targets=targets,
        prompts=prompts,
        quality=collector.quality,
        view=predictor.view,
        scaling=predictor.scaling,
        overlap=collector.overlap,
        overlap_voxels=collector.contested,
        warnings=(*predictor.warnings, *warnings, *(about_masks := tuple(collector.warnings()))),
        mask_warnings=about_masks,
        encode_calls=predictor.encode_calls,
        encode_seconds=predictor.encode_seconds,
        read_calls=predictor.read_calls,
        framing=predictor.framing.name,
        seconds=time.perf_counter() - started,
        claims=collector.claims,
        course=course,
    )


def split_by_slice(view: SliceView, targets: Mapping[str, Sequence[PromptSet]]) -> Work:
    """Prompts on a volume -> slice -> target -> prompts at (x, y, 0) of that slice's picture.

    Raises:
        PromptError: a prompt lies outside the image; the message names the target.
    """
    work: Work = {}
    for name, prompts in targets.items():
        for prompt in prompts:
            for index, piece in lowered(view, name, prompt).items():
                here = work.setdefault(index, {})
                here[name] = (*here.get(name, ()), piece)
    return work


def _check_targets(targets: Mapping[str, Sequence[PromptSet]]) -> None:
    if not 0 < len(targets) <= MOST_TARGETS:
        raise PromptError(
            f"Received {len(targets)} targets to segment; give 1 to {MOST_TARGETS}, each with a box or point."
        )
    for name, prompts in targets.items():
        if not any(prompt.points or prompt.box or prompt.mask for prompt in prompts):
            raise PromptError(f"Target {name!r} has no prompt; give it a box, a point or a mask hint.")


def _slice_by_slice(
    predictor: VolumePredictor,
    work: Work,
    collector: Collector,
    candidates: Candidates,
    progress: Callable[[int, int], None] | None,
) -> tuple[Work, None, list[str]]:
    """Prompted slices only; no answer outlives its slice."""
    for done, index in enumerate(sorted(work), start=1):
        collector.add(index, _answers(predictor, index, work[index], candidates))
        if progress is not None:
            progress(done, len(work))
    return work, None, []


def _answers(
    predictor: VolumePredictor, index: int, asked: Mapping[str, Sequence[PromptSet]], candidates: Candidates
) -> Iterator[Answer]:
    """The answer to every prompt on one slice, decoded in batches across targets."""
    flat = [(name, prompt) for name, prompts in asked.items() for prompt in prompts]
    answers = replies(predictor, index, [prompt for _, prompt in flat], candidates)
    for (name, _), reply in zip(flat, answers, strict=True):
        yield Answer(name, reply.logits, reply.quality)


def _prompt_warnings(segmenter: Segmenter, work: Work) -> Iterator[str]:
    """Kinds of prompt that the weights were not trained for."""
    asked = [prompt for targets in work.values() for prompts in targets.values() for prompt in prompts]
    kinds = {
        "points": any(p.points for p in asked),
        "box": any(p.box for p in asked),
        "mask": any(p.mask for p in asked),
    }
    for kind, used in kinds.items():
        if used and kind not in segmenter.card.prompts:
            yield (
                f"{segmenter.card.name} was trained for {', '.join(segmenter.card.prompts) or 'no'} prompts; "
                f"its answers to {kind} are less reliable."
            )
