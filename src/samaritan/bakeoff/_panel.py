"""Ask a model about test cases that several raters drew, as often as it has different answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from samaritan.adapt import Adaptation, Consensus, draw_samples
from samaritan.bakeoff._config import ArmConfig
from samaritan.bakeoff._raters import RaterScore
from samaritan.benchmark import RunConfig
from samaritan.benchmark._measure import Group, groups_of
from samaritan.benchmark._seeds import generator
from samaritan.benchmark._targets import targets_of
from samaritan.core import LabelMap, PromptSet
from samaritan.datasets import REFERENCE, Case
from samaritan.evaluate import calibration, score_raters
from samaritan.models import Prediction
from samaritan.models._base import Segmenter
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts import make_prompt
from samaritan.prompts._base import PromptStrategy

Mask = NDArray[np.bool_]

#: Slices of a volume that are asked, at most.
MOST_SLICES = 8

#: Prompts that are answered together, so that all samples of a plate full of cells need not be held at once.
CHUNK = 16


def ask_panel(
    segmenter: Segmenter, adapted: Adaptation | None, cases: Sequence[Case], config: ArmConfig
) -> list[RaterScore]:
    """Score the set of a model's answers against the set of raters, for every case that two or more raters drew.

    The prompts are those of the benchmark (of those that correct, the first); a model that gives one answer is asked once.

    Args:
        segmenter: the model.
        adapted: what is attached to it, or None.
        cases: of the test part.
        config: of the arm.
    """
    strategies = [s for s in map(make_prompt, config.score.prompts) if not s.shared and s.candidates == "single"]
    panels = [_Panel.of(segmenter, adapted, case, config) for case in cases if len(raters_of(case)) > 1]
    return [panel.score(group, s) for panel in panels for group in panel.groups for s in strategies]


def raters_of(case: Case) -> list[str]:
    """Those who drew the case; the gold standard is one of them only where there are no two others."""
    others = [name for name in case.read_references if name != REFERENCE]
    return others if len(others) > 1 else list(case.read_references)


@dataclass(frozen=True, eq=False)
class _Panel:
    """A case with the masks of all its raters.

    Attributes:
        case: the case.
        predictor: the model on its image.
        adapted: what is attached to the model, or None.
        config: of the arm.
        groups: what is asked for.
        drawn: rater -> label map.
    """

    case: Case
    predictor: VolumePredictor
    adapted: Adaptation | None
    config: ArmConfig
    groups: Sequence[Group]
    drawn: Mapping[str, LabelMap]

    @classmethod
    def of(cls, segmenter: Segmenter, adapted: Adaptation | None, case: Case, config: ArmConfig) -> _Panel:
        """Read a case."""
        train, score = config.train, config.score
        predictor = VolumePredictor(
            segmenter, case.read_image(), plane=train.plane, modality=case.modality,
            intensity=train.intensity or case.intensity, keep=MOST_SLICES,
        )  # fmt: skip
        run = RunConfig(
            data=train.data, models=(train.model,), prompts=score.prompts, seed=score.seed,
            max_instances=score.max_instances, max_slices=min(score.max_slices or MOST_SLICES, MOST_SLICES),
        )  # fmt: skip
        groups = groups_of(targets_of(case, predictor.volume, predictor.view, run), predictor.view.shape)
        drawn = {name: case.read_references[name]() for name in raters_of(case)}
        return cls(case, predictor, adapted, config, groups, drawn)

    @property
    def draws(self) -> int:
        """How many answers the model has to one question."""
        stochastic = self.adapted is not None and self.adapted.method.card.stochastic
        return self.config.score.samples if stochastic else 1

    def score(self, group: Group, strategy: PromptStrategy) -> RaterScore:
        """One target under one prompt; of a volume the mean over its slices."""
        values = [self._slice(group, strategy, k) for k in group.whole.prompted]
        return RaterScore(
            self.case.dataset, self.case.patient_id, self.case.case_id, group.whole.name, strategy.name, self.draws,
            len(self.drawn), {name: mean(one[name] for one in values) for name in values[0]},
        )  # fmt: skip

    def _slice(self, group: Group, strategy: PromptStrategy, k: int) -> dict[str, float]:
        shape = self.predictor.view.shape
        samples, probability = [np.zeros(shape, bool) for _ in range(self.draws)], np.zeros(shape)
        prompts = self._prompts(group, strategy, k)
        for start in range(0, len(prompts), CHUNK):
            answers = self._ask(k, prompts[start : start + CHUNK])
            for number, given in enumerate(answers):
                samples[number] |= np.any([answer.logits[0] > 0 for answer in given], axis=0)
            for same in zip(*answers, strict=True):
                np.maximum(probability, Consensus.of(same).probability[0], out=probability)
        masks = [self._mask(labels, group, k) for labels in self.drawn.values()]
        return score_raters(samples, masks) | {"ece": calibration(probability, masks)["ece"]}

    def _prompts(self, group: Group, strategy: PromptStrategy, k: int) -> list[PromptSet]:
        """The same prompts as in the benchmark; objects of one image are asked for one by one."""
        found = []
        for part in (part for part in group.parts if k in part.areas):
            rng = generator(
                self.config.score.seed, self.case.dataset, self.case.case_id, part.label, part.instance, part.rater,
                strategy.name, 0, k,
            )  # fmt: skip
            asked = strategy.first(part.areas[k].unpack(self.predictor.view.shape), rng)
            found += [replace(prompt, text=group.whole.name) for prompt in asked]
        return found

    def _ask(self, k: int, prompts: Sequence[PromptSet]) -> list[list[Prediction]]:
        """(sample, prompt): all chunks of prompts see the same draws, since each starts from the seed."""
        if self.adapted is None or self.draws == 1:
            return [self.predictor.decode(k, prompts)]
        score = self.config.score
        return draw_samples(self.adapted, self.predictor.picture(k), prompts, score.samples, score.seed)

    def _mask(self, labels: LabelMap, group: Group, k: int) -> Mask:
        """One rater's mask of the target on a slice; of all objects, where objects have numbers of their own."""
        picture = self.predictor.view.slice(labels.data, k)
        return np.asarray(picture > 0 if self.case.instances else picture == group.whole.label)
