"""One volume, asked again and again: prompts on some slices of some targets, masks on all that they show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Box, Points, PromptError, PromptSet, UsageError
from samaritan.predict._ask import Candidates
from samaritan.predict._patch import Patch
from samaritan.predict.propagate import Found, Job, Rules, Stop, Target
from samaritan.predict.propagate.auto import chosen
from samaritan.predict.volume import VolumePredictor

Asked = PromptSet | Sequence[PromptSet]


class VolumeSession:
    """Masks of any number of targets in one volume, from prompts on some slices, corrected by more of them.

    Every answer is kept as a few bytes around its mask, never as a picture, so memory follows what is segmented, not the
    number of slices.

    Args:
        predictor: the model on the volume.
        propagation: name of a strategy in :data:`samaritan.predict.propagate.STRATEGIES`.
        candidates: see :func:`samaritan.predict.predict`.
        rules: margins, and when a chain of slices stops.

    Attributes:
        strategy: the one that was chosen.

    Raises:
        UnknownNameError: there is no such strategy.
        UsageError: the model cannot do it.
    """

    def __init__(
        self,
        predictor: VolumePredictor,
        propagation: str = "auto",
        *,
        candidates: Candidates = "single",
        rules: Rules | None = None,
    ) -> None:
        self.predictor = predictor
        self.strategy = chosen(propagation, predictor.segmenter, predictor.framing.name)
        self._candidates = candidates
        self._rules = rules or Rules()
        self._targets: dict[str, Target] = {}

    @property
    def targets(self) -> tuple[str, ...]:
        """Their names, in the order in which they were first asked for."""
        return tuple(self._targets)

    def ask(self, target: str, prompts: Mapping[int, Asked]) -> set[int]:
        """Ask for a target, or correct it; see :meth:`ask_all`.

        Returns:
            Slices that were computed again, or lost their mask.
        """
        return self.ask_all({target: prompts})[target]

    def ask_all(
        self,
        targets: Mapping[str, Mapping[int, Asked]],
        *,
        bounds: Mapping[str, tuple[int, int]] | None = None,
        given: Mapping[str, Mapping[int, NDArray[np.bool_]]] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, set[int]]:
        """Ask for several targets at once: their chains go through the volume together, on one embedding per slice.

        Prompts on a slice that has some already are joined with them: points are added, a new box or mask takes the place of
        the old one. Points alone, on a slice without prompts where the target has a mask, correct that mask: they are asked
        with the box around it (and around the positive points). Only slices between a changed slice and its prompted
        neighbours, or the end of the chains, are computed again.

        Args:
            targets: name -> slice -> prompts at (x, y, 0) of that slice's picture; several are asked one by one and united.
            bounds: name -> first and last slice that the target spans, where a person said so. Others than before run the whole
                target again.
            given: name -> prompted slice -> (x, y) bool mask that a person made there. It is that slice's mask, to the pixel,
                and chains start from it; what the model answers to the slice's prompts counts for nothing but its quality.
            progress: called with (slices done, slices at most).

        Returns:
            Target -> slices that were computed again, or lost their mask.

        Raises:
            PromptError: a prompt is empty, lies outside the picture or the bounds, or there is no such slice. After this or any
                other exception all targets are as they were.
        """
        checked = {name: self._checked(name, prompts) for name, prompts in targets.items()}
        limits = {name: self._bounds(name, (bounds or {}).get(name), checked[name]) for name in checked}
        drafts = {name: self._draft(name, prompts, limits[name]) for name, prompts in checked.items()}
        for name, prompts in checked.items():
            drafts[name].given.update(self._given(name, (given or {}).get(name, {}), prompts))
        changed = {
            name: set(prompts) | (drafts[name].prompts.keys() - drafts[name].found) for name, prompts in checked.items()
        }
        touched = self.strategy.run(Job(self.predictor, drafts, changed, self._rules, self._candidates, progress))
        for name in drafts.keys() & self._targets:
            touched[name] |= self._targets[name].found.keys() - drafts[name].found
        self._targets |= drafts
        return touched

    def mask(self, target: str) -> NDArray[np.bool_]:
        """(i, j, k) bool mask, made when asked for.

        Raises:
            UsageError: nobody asked for that target.
        """
        view = self.predictor.view
        mask = np.zeros(view.geometry.shape, bool)
        for index, found in self._target(target).found.items():
            view.insert(mask, index, found.patch.mask())
        return mask

    def picture_mask(self, target: str, index: int) -> NDArray[np.bool_]:
        """(x, y) bool mask on one slice; raises as :meth:`mask`."""
        found = self._target(target).found.get(index)
        return np.zeros(self.predictor.view.shape, bool) if found is None else found.patch.mask()

    def quality(self, target: str) -> dict[int, float]:
        """Slice -> the model's own estimate of IoU, ascending; raises as :meth:`mask`."""
        return {index: found.quality for index, found in sorted(self._target(target).found.items())}

    def found(self, target: str) -> dict[int, Found]:
        """Slice -> mask and where it came from, ascending; raises as :meth:`mask`."""
        return dict(sorted(self._target(target).found.items()))

    def prompts(self, target: str) -> dict[int, tuple[PromptSet, ...]]:
        """Slice -> all that was asked there, ascending; raises as :meth:`mask`."""
        return dict(sorted(self._target(target).prompts.items()))

    def stops(self, target: str) -> list[Stop]:
        """Where each chain of slices ended, and why; raises as :meth:`mask`."""
        return [stop for _, stop in sorted(self._target(target).stops.items())]

    def _target(self, name: str) -> Target:
        if name not in self._targets:
            raise UsageError(f"Nobody asked for the target {name!r}; there are {', '.join(self._targets) or 'none'}.")
        return self._targets[name]

    def _checked(self, name: str, prompts: Mapping[int, Asked]) -> dict[int, tuple[PromptSet, ...]]:
        """The same, with everything refused that cannot be asked, before any work is done."""
        if not prompts:
            raise PromptError(f"Target {name!r} has no prompt; give it a box, a point or a mask hint.")
        checked = {}
        for index, given in prompts.items():
            several = (given,) if isinstance(given, PromptSet) else tuple(given)
            if not 0 <= index < self.predictor.view.count:
                raise PromptError(
                    f"Target {name!r}: there is no slice {index}; slices run from 0 to {self.predictor.view.count - 1}."
                )
            for prompt in several:
                try:
                    prompt.check_inside(self.predictor.view.shape)
                except PromptError as error:
                    raise PromptError(f"Target {name!r}, slice {index}: {error}") from error
            checked[index] = several
        return checked

    def _given(
        self, name: str, masks: Mapping[int, NDArray[np.bool_]], prompts: Mapping[int, object]
    ) -> dict[int, Patch]:
        for index, mask in masks.items():
            if index not in prompts:
                raise PromptError(f"Target {name!r} is given a mask on slice {index}, where it has no prompt.")
            if mask.shape != self.predictor.view.shape:
                raise PromptError(
                    f"Target {name!r}, slice {index}: the mask has shape {mask.shape}, the picture {self.predictor.view.shape}."
                )
        return {index: Patch.of_mask(mask) for index, mask in masks.items()}

    def _bounds(
        self, name: str, given: tuple[int, int] | None, prompts: Mapping[int, Sequence[PromptSet]]
    ) -> tuple[int, int, bool]:
        known = self._targets.get(name)
        first, last = given or ((known.first, known.last) if known else (0, self.predictor.view.count - 1))
        places = [*prompts, *(known.prompts if known else ())]
        if not 0 <= first <= min(places) <= max(places) <= last < self.predictor.view.count:
            raise PromptError(
                f"Target {name!r} spans slices {first} to {last}, but has prompts from {min(places)} to {max(places)}."
            )
        return first, last, given is not None or (known is not None and known.bounded)

    def _draft(self, name: str, prompts: Mapping[int, tuple[PromptSet, ...]], bounds: tuple[int, int, bool]) -> Target:
        """A target as it will be asked for; what is known of it stays as it is until the work is done."""
        first, last, bounded = bounds
        known = self._targets.get(name) or Target(name, first, last, bounded)
        target = known.copy(first, last, bounded=bounded)
        for index, several in prompts.items():
            target.given.pop(index, None)
            if index in target.prompts:
                target.prompts[index] = _joined(target.prompts[index], several)
            elif index in target.found:
                patch = target.found[index].patch
                target.prompts[index] = tuple(correction(prompt, patch) for prompt in several)
            else:
                target.prompts[index] = several
        if bounds != (known.first, known.last, known.bounded):
            target.forget_all()
        return target


def _joined(old: Sequence[PromptSet], new: Sequence[PromptSet]) -> tuple[PromptSet, ...]:
    """What is asked on a slice after more was said about it."""
    if len(old) > 1 or len(new) > 1:
        raise PromptError("A target with several boxes on one slice cannot be corrected there; ask for it anew.")
    before, after = old[0], new[0]
    points = join_points(before.points, after.points)
    box = before.box and _reaching(before.box.lo[:2], before.box.hi[:2], after.points)
    return (PromptSet(points, after.box or box, after.mask or before.mask, after.text or before.text),)


def join_points(before: Points | None, after: Points | None) -> Points | None:
    """Both, the first ones first."""
    if before is None or after is None:
        return before or after
    return Points(np.vstack([before.ijk, after.ijk]), np.concatenate([before.labels, after.labels]))


def correction(prompt: PromptSet, patch: Patch) -> PromptSet:
    """Points alone where there is a mask: with the box around it and the positive points."""
    if prompt.points is None or prompt.box is not None or prompt.mask is not None or not patch.area:
        return prompt
    box = _reaching(np.array(patch.low, float), np.array(patch.high, float), prompt.points)
    return PromptSet(prompt.points, box, None, prompt.text)


def _reaching(low: NDArray[np.float64], high: NDArray[np.float64], points: Points | None) -> Box:
    """The box from (x, y) ``low`` to ``high``, widened as far as the positive points."""
    inside = points.ijk[points.labels == 1][:, :2] if points else []
    return Box(np.min([low, *inside], axis=0), np.max([high, *inside], axis=0))
