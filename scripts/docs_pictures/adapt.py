"""Draw docs/tutorials/adapt-*.png from the folder that the tutorial's ten minutes wrote.

Usage: python scripts/docs_pictures/adapt.py OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from _panels import TUTORIALS, Panel, overlay, save, write_png
from PIL import Image

from samaritan import load_model, make_prompt, open_datasets
from samaritan.adapt import load_adapted
from samaritan.datasets import Split
from samaritan.models import Segmenter
from samaritan.predict import VolumePredictor

DATA = "samples/vessels-fundus"


def panels(model: Segmenter, when: str, split: Split) -> list[Panel]:
    """Both targets of the first test patient."""
    case = split.part(open_datasets([DATA]), "test")[0]
    labels = case.read_references["reference"]().data[:, :, 0]
    predictor = VolumePredictor(model, case.read_image(), modality=case.modality)
    found = []
    for value, name in case.names.items():
        ref = labels == value
        prompts = make_prompt("box").first(ref, np.random.default_rng(0))
        pred = predictor.decode(0, prompts)[0].masks[0]
        dice = 2 * np.count_nonzero(pred & ref) / (np.count_nonzero(pred) + np.count_nonzero(ref))
        title = f"{when}: {name}, Dice {dice:.2f}"
        found.append(overlay(title, predictor.picture(0), pred=pred, ref=ref, prompts=prompts, side=430))
    return found


def main(out: Path) -> None:
    """Draw before and after, and shrink the curve."""
    split = Split.read(out / "split.json")
    before = panels(load_model("litemedsam"), "before", split)
    after = panels(load_adapted("litemedsam", out)[0], "after", split)
    save([panel for pair in zip(before, after, strict=True) for panel in pair], TUTORIALS / "adapt-before-after.png")
    curve = Image.open(out / "curve.png").convert("RGB")
    curve.thumbnail((900, 900), Image.Resampling.LANCZOS)
    write_png(curve, TUTORIALS / "adapt-curve.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
