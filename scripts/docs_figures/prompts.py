"""Figures of docs/concepts/prompts.md: LiteMedSAM's answers to a box, looser boxes and clicks, and its three candidates.

Usage: python scripts/docs_figures/prompts.py
"""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from _answers import Scene
from _style import save

import samaritan as sam
from samaritan.prompts import make_prompt

#: Name -> (sample, case, label), and how many sides of the target are shown.
SCENES = {
    "lesion, ultrasound\n(a phantom)": (("lesion-us", 2, 1), 2.4),
    "left kidney, MR": (("abdomen-mr", 0, 4), 3.2),
    "vessels, fundus\n(a phantom)": (("vessels-fundus", 0, 1), 0.0),
}

#: What is asked -> title.
ASKED = {
    "box": "tight box",
    "box:margin=0.15": "box, 15 % wider",
    "box:shift=0.25": "box, moved",
    "point": "one click",
}


def main() -> None:
    """Both figures."""
    model = sam.load_model("litemedsam")
    scenes = {words: Scene.of(*where, model, near) for words, (where, near) in SCENES.items()}
    kinds(scenes)
    candidates(scenes)


def kinds(scenes: dict[str, Scene]) -> None:
    """A row for each scene, a column for each prompt; the last one is a click after the box."""
    figure, axes = plt.subplots(len(scenes), len(ASKED) + 1, figsize=(9.4, 6.8), constrained_layout=True)
    for row, (about, scene) in zip(axes, scenes.items(), strict=True):
        for place, (asked, words) in zip(row, ASKED.items(), strict=False):
            prompt = make_prompt(asked).first(scene.reference, np.random.default_rng(3))[0]
            _panel(place, scene, prompt, words)
        _panel(row[-1], scene, _corrected(scene), "tight box, then a click")
        row[0].set_ylabel(about)
    save(figure, "prompts-kinds.png")


def _corrected(scene: Scene) -> sam.PromptSet:
    """A tight box and one corrective click."""
    strategy, rng = make_prompt("box+clicks:2"), np.random.default_rng(3)
    first = strategy.first(scene.reference, rng)[0]
    answer = scene.ask(first)
    return strategy.correct(scene.reference, answer.masks[0], answer.low_res[0], first, rng) or first


def _panel(axes: Any, scene: Scene, prompt: sam.PromptSet, words: str) -> None:
    answer = scene.ask(prompt)
    dice = scene.dice(answer.masks[0])
    scene.draw(axes, answer.masks[0], prompt, f"{words}\nDice {dice:.2f}, estimate {answer.quality[0]:.2f}")


def candidates(scenes: dict[str, Scene]) -> None:
    """The single mask and the three candidates for a tight box."""
    figure, axes = plt.subplots(len(scenes), 4, figsize=(9, 7.4), constrained_layout=True)
    for row, (about, scene) in zip(axes, scenes.items(), strict=True):
        prompt = make_prompt("box").first(scene.reference, np.random.default_rng(3))[0]
        single, three = scene.ask(prompt), scene.ask(prompt, multimask=True)
        answers = [("the single mask", single, 0), *((f"candidate {n + 1}", three, n) for n in range(3))]
        for place, (words, answer, n) in zip(row, answers, strict=True):
            mask = answer.masks[n]
            title = f"{words}\nDice {scene.dice(mask):.2f}, estimated IoU {answer.quality[n]:.2f}"
            scene.draw(place, mask, prompt, title)
        row[0].set_ylabel(about)
    save(figure, "prompts-candidates.png")


if __name__ == "__main__":
    main()
