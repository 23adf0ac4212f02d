"""Draw docs/overview.png: LiteMedSAM on four built-in samples, one tight box for each target.

Usage: python scripts/readme_picture.py docs/overview.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from samaritan import load_model, make_prompt, open_datasets
from samaritan.core import atomic_path
from samaritan.models import Segmenter
from samaritan.predict import VolumePredictor
from samaritan.predict.overlay import draw_overlay

#: (sample, case, slice); what is real in them and what is drawn by code is told by `samaritan datasets`.
PANELS = (("abdomen-mr", 0, 0), ("spine-ct", 0, 0), ("nuclei", 1, 0), ("lesion-us", 2, 0))
SIDE, GAP = 420, 8


def panel(model: Segmenter, sample: str, case: int, index: int) -> Image.Image:
    """One sample with every target's box, mask and reference outline."""
    chosen = open_datasets([f"samples/{sample}"])[0].cases[case]
    image, labels = chosen.read_image(), chosen.read_references["reference"]()
    predictor = VolumePredictor(model, image, modality=chosen.modality)
    slice_of = predictor.view.slice(labels.data, index)
    refs = [slice_of == label for label in labels.labels() if (slice_of == label).any()]
    rng = np.random.default_rng(0)
    prompts = [make_prompt("box").first(ref, rng)[0] for ref in refs]
    masks = [prediction.masks[0] for prediction in predictor.decode(index, prompts)]
    drawn = draw_overlay(
        predictor.picture(index).astype(np.uint8),
        masks={str(number): mask for number, mask in enumerate(masks)},
        prompts=prompts if len(prompts) < 10 else (),
        side=SIDE,
        spacing=predictor.view.spacing[:2],
    )
    square = Image.new("RGB", (SIDE, SIDE), "black")
    square.paste(drawn, ((SIDE - drawn.width) // 2, (SIDE - drawn.height) // 2))
    return square


def main(out: Path) -> None:
    """Draw all panels side by side."""
    model = load_model("litemedsam")
    whole = Image.new("RGB", (len(PANELS) * (SIDE + GAP) - GAP, SIDE), "white")
    for place, (sample, case, index) in enumerate(PANELS):
        whole.paste(panel(model, sample, case, index), (place * (SIDE + GAP), 0))
    with atomic_path(out) as temporary:
        whole.save(temporary, "PNG", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
