"""Draw docs/tutorials/your-own-folder*.png: an image with its mask, and LiteMedSAM's answers to boxes around thin layers.

Usage: python scripts/docs_pictures/your_own_folder.py
"""

from __future__ import annotations

import numpy as np
from _panels import TUTORIALS, overlay, save

from samaritan import load_model, make_prompt, open_datasets
from samaritan.core.colour import colour_of
from samaritan.predict import VolumePredictor
from samaritan.predict._sheet import Entry


def main() -> None:
    """Draw both."""
    case = open_datasets(["samples/retina-oct"])[0].cases[0]
    labels = case.read_references["reference"]().data[:, :, 0]
    predictor = VolumePredictor(load_model("litemedsam"), case.read_image(), modality=case.modality)
    picture = predictor.picture(0)
    table = np.array([(0, 0, 0), *(colour_of(number) for number in range(len(case.names)))])
    legend = [Entry(f"{value} {name}", "", colour_of(value - 1)) for value, name in case.names.items()]
    pair = [
        overlay("images/eye1_right.png", picture, side=448),
        overlay("masks/eye1_right.png, its values in colours", table[labels], side=448),
    ]
    save(pair, TUTORIALS / "your-own-folder.png", legend)
    panels = []
    for value, name in case.names.items():
        ref = labels == value
        prompts = make_prompt("box").first(ref, np.random.default_rng(0))
        pred = predictor.decode(0, prompts)[0].masks[0]
        dice = 2 * np.count_nonzero(pred & ref) / (np.count_nonzero(pred) + np.count_nonzero(ref))
        panels.append(overlay(f"{name}   Dice {dice:.2f}", picture, pred=pred, ref=ref, prompts=prompts, side=448))
    save(panels, TUTORIALS / "your-own-folder-answers.png")


if __name__ == "__main__":
    main()
