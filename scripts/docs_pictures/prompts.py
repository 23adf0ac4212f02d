"""Draw docs/how-to/prompts.png: one lesion, asked for in eight ways.

Usage: python scripts/docs_pictures/prompts.py
"""

from __future__ import annotations

import numpy as np
from _panels import HOW_TO, Mask, Panel, overlay, save

from samaritan import load_model, make_prompt, open_datasets
from samaritan.core import PromptSet
from samaritan.models import Prediction
from samaritan.predict import VolumePredictor
from samaritan.prompts._base import PromptStrategy

NAMES = (
    "box", "box:margin=0.2", "box:jitter=0.2", "boxes", "point", "points:3+3", "box+point", "box+clicks:3",
)  # fmt: skip

#: Of samples/lesion-us.
CASE = 2


def answered(
    predictor: VolumePredictor, strategy: PromptStrategy, ref: Mask
) -> tuple[list[PromptSet], list[Prediction]]:
    """What is asked and what is answered, after the last correction."""
    rng = np.random.default_rng(3)
    prompts = strategy.first(ref, rng)
    answers = predictor.decode(0, prompts)
    for _ in range(strategy.rounds - 1):
        more = strategy.correct(ref, answers[0].masks[0], answers[0].low_res[0], prompts[0], rng)
        if more is None:
            break
        prompts = [more]
        answers = predictor.decode(0, prompts)
    return prompts, answers


def main() -> None:
    """Draw."""
    case = open_datasets(["samples/lesion-us"])[0].cases[CASE]
    ref = case.read_references["reference"]().data[:, :, 0] > 0
    predictor = VolumePredictor(load_model("litemedsam"), case.read_image(), modality=case.modality)
    panels: list[Panel] = []
    for name in NAMES:
        prompts, answers = answered(predictor, make_prompt(name), ref)
        pred = np.any([answer.masks[0] for answer in answers], axis=0)
        dice = 2 * np.count_nonzero(pred & ref) / (np.count_nonzero(pred) + np.count_nonzero(ref))
        panels.append(overlay(f"{name}   Dice {dice:.2f}", predictor.picture(0), pred=pred, ref=ref, prompts=prompts))
    save(panels, HOW_TO / "prompts.png")


if __name__ == "__main__":
    main()
