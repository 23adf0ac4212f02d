"""Draw docs/tutorials/ct-volume-*.png from the files that the tutorial's commands leave.

Usage: python scripts/docs_pictures/ct_volume.py FOLDER, where the tutorial was followed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from _panels import TUTORIALS, Panel, overlay, save, write_png
from PIL import Image

from samaritan import read_labels, read_volume
from samaritan.core import Box, PromptSet

#: Mask -> what was said.
MASKS = {"liver": "one box", "liver2": "two boxes", "liver3": "a box with depth"}


def coronal(folder: Path, name: str, what: str) -> Panel:
    """One mask in the coronal section where the truth is largest; patient's right is left, head is up."""
    image = read_volume(folder / "scan.nii.gz")
    truth, found = (read_labels(folder / f"{one}.nii.gz", like=image).data > 0 for one in ("truth", name))
    row = int(truth.sum(axis=(0, 2)).argmax())
    low, high = -160.0, 240.0  # the window that `--modality CT` looks through
    grey = np.clip((image.data[:, row, ::-1] - low) / (high - low), 0, 1) * 255
    record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["targets"][0]
    last = image.data.shape[2] - 1
    lines = [
        PromptSet(box=Box((0, last - k), (image.data.shape[0] - 1, last - k)))
        for k in (record["propagation"] or {}).get("slices_prompted", [])
    ]
    spacing = image.geometry.spacing
    dice = 2 * np.count_nonzero(found & truth) / (np.count_nonzero(found) + np.count_nonzero(truth))
    return overlay(
        f"{what}   Dice {dice:.3f}", np.repeat(grey[..., None], 3, axis=2), pred=found[:, row, ::-1],
        ref=truth[:, row, ::-1], prompts=lines if len(lines) < 4 else (), side=390, spacing=(spacing[0], spacing[2]),
    )  # fmt: skip


def main(folder: Path) -> None:
    """Draw the comparison, and shrink the preview."""
    save([coronal(folder, name, what) for name, what in MASKS.items()], TUTORIALS / "ct-volume-corrected.png")
    preview = Image.open(folder / "liver_preview.png").convert("RGB")
    preview.thumbnail((1000, 1000), Image.Resampling.LANCZOS)
    write_png(preview, TUTORIALS / "ct-volume-one-box.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
