"""Draw docs/tutorials/uncertainty-*.png from the adapter that the tutorial's four minutes wrote.

Usage: python scripts/docs_pictures/uncertainty.py OUT, in the folder where the tutorial was followed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _panels import ROOT, TUTORIALS, Mask, overlay, save
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion

from samaritan import make_prompt, open_datasets
from samaritan.adapt import Consensus, draw_samples, load_adapted
from samaritan.core import PromptSet, atomic_path
from samaritan.datasets import Case, Split
from samaritan.evaluate import calibration, reliability
from samaritan.models import Prediction
from samaritan.predict import VolumePredictor

ANSWERS, SHOWN = 16, 8

#: How far boxes wander where they do.
JITTER = "0.2"

#: The curve is of the pixels so near to the border.
NEAR = 20


@dataclass(frozen=True)
class Asked:
    """A test case, what was asked, and what was answered: to one box, and to boxes that wander."""

    case: Case
    picture: NDArray[np.float32]
    prompts: list[PromptSet]
    one_box: list[Prediction]
    wandering: list[Prediction]
    raters: dict[str, Mask]


def ask(out: Path) -> list[Asked]:
    """Ask about each test case."""
    segmenter, adaptation = load_adapted("litemedsam", out)
    found = []
    for case in Split.read(out / "split.json").part(open_datasets(["lesions"]), "test"):
        masks = {rater: read().data[:, :, 0] > 0 for rater, read in case.read_references.items()}
        picture = VolumePredictor(segmenter, case.read_image(), modality=case.modality).picture(0)
        prompts = make_prompt("box").first(masks.pop("reference"), np.random.default_rng(0))
        one_box, wandering = (
            [one[0] for one in draw_samples(adaptation, picture, prompts, ANSWERS, 0, jitter=jitter)]
            for jitter in (None, JITTER)
        )
        found.append(Asked(case, picture, prompts, one_box, wandering, masks))
    return found


def draw_samples_sheet(asked: Asked) -> None:
    """Picture, raters, answers to boxes that wander, entropy."""
    side, picture, answers = 236, asked.picture, asked.wandering
    panels = [overlay("picture and box", picture, prompts=asked.prompts, side=side)]
    panels += [overlay(f"rater: {name}", picture, ref=mask, side=side) for name, mask in asked.raters.items()]
    heat = Consensus.of(answers).entropy[0] / np.log(2)
    shown = np.asarray(colormaps["magma"](heat))[..., :3] * 255
    panels.append(overlay("entropy: bright is open", shown, side=side))
    for number, answer in enumerate(answers[:SHOWN]):
        panels.append(overlay(f"answer {number + 1}", picture, pred=answer.masks[0], side=side))
    votes = np.mean([answer.masks[0] for answer in answers], axis=0)
    panels.append(overlay(f"mean of {len(answers)}", np.repeat(votes[..., None] * 255, 3, axis=2), side=side))
    save(panels, TUTORIALS / "uncertainty-samples.png")


def near_border(asked: Sequence[Asked], wandering: bool) -> tuple[NDArray[np.float64], list[Mask]]:
    """Probability and raters' votes of the pixels near the border, of all cases one behind the other."""
    probabilities, votes = [], []
    for one in asked:
        masks = list(one.raters.values())
        union, common = np.any(masks, axis=0), np.all(masks, axis=0)
        region = binary_dilation(union, iterations=NEAR) & ~binary_erosion(common, iterations=NEAR)
        answers = one.wandering if wandering else one.one_box
        probabilities.append(Consensus.of(answers).probability[0][region])
        votes.append([mask[region] for mask in masks])
    return np.concatenate(probabilities), [np.concatenate(one) for one in zip(*votes, strict=True)]


def draw_reliability(asked: Sequence[Asked]) -> None:
    """Two curves over the border regions of all test cases."""
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#9aa2ad", linewidth=1, linestyle="--", label="means what it says")
    for wandering, words, colour in ((False, "one box", "#0072b2"), (True, "boxes that wander", "#d55e00")):
        probability, raters = near_border(asked, wandering)
        curve = reliability(probability, raters, bins=10)
        ece = calibration(probability, raters, bins=10)["ece"]
        axes.plot(curve.probability, curve.frequency, color=colour, marker="o", label=f"{words}, ECE {ece:.3f}")
    axes.set(
        xlabel="probability that the model gives", ylabel="share of raters", xlim=(0, 1), ylim=(0, 1), aspect="equal"
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")
    out = TUTORIALS / "uncertainty-reliability.png"
    with atomic_path(out) as temporary:
        figure.savefig(temporary, format="png", dpi=130)
    print(f"{out.relative_to(ROOT)}: {out.stat().st_size / 1000:.0f} kB")


def main(out: Path) -> None:
    """Draw both."""
    asked = ask(out)
    draw_samples_sheet(asked[0])
    draw_reliability(asked)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
