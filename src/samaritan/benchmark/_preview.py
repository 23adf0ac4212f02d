"""What the report's gallery shows of a row: the slice, the reference, the answer, the prompts."""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samaritan.benchmark._masks import run_lengths
from samaritan.benchmark._measure import Measurement
from samaritan.benchmark._row import Row, key
from samaritan.core import PromptSet, SliceView

GALLERY = "gallery"

#: More prompts than this (the boxes of a plate full of nuclei) hide the picture.
MAX_PROMPTS = 200


def preview(row: Row, measurement: Measurement, index: int, view: SliceView) -> dict[str, Any]:
    """The line of previews.jsonl for a row, at slice ``index`` of ``view``.

    It holds the row's key, the picture's path in the run folder, the slice, its size and the distance of its pixels (x, y),
    the run lengths of reference and prediction and the prompts of the last round at (x, y).
    """
    shape = view.shape
    ref, pred = measurement.target.areas.get(index), measurement.masks.get(index)
    return {
        "key": list(key(row)),
        "picture": picture_name(row["dataset"], row["case_id"], index, f"{row['plane']} {row['intensity']}"),
        "slice": index,
        "shape": list(shape),
        "spacing": list(view.spacing[:2]),
        "ref": run_lengths(ref.unpack(shape) if ref else np.zeros(shape, bool)),
        "pred": run_lengths(pred.unpack(shape) if pred else np.zeros(shape, bool)),
        "prompts": [_describe(prompt) for prompt in measurement.prompts.get(index, [])[:MAX_PROMPTS]],
    }


def picture_name(dataset: str, case_id: str, index: int, look: str = "") -> str:
    """Path within the run folder, of a form that any file system takes, and another one for every slice and every look.

    Args:
        dataset: its name.
        case_id: of the case.
        index: of the slice.
        look: plane and grey values, in which adapted models may differ.
    """
    words = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{dataset}-{case_id}").strip("-.")[:80]
    digest = hashlib.blake2b(
        f"{dataset}\x1f{case_id}\x1f{look}".encode("utf-8", "surrogatepass"), digest_size=4
    ).hexdigest()
    return f"{GALLERY}/{words}-{digest}-{index}.png"


def png(picture: NDArray[np.float32]) -> bytes:
    """(x, y, 3) in 0..255 -> content of a PNG file, width = x; grey where the three channels agree."""
    rows = np.ascontiguousarray(picture.round().astype(np.uint8).swapaxes(0, 1))
    grey = bool((rows[..., 0] == rows[..., 1]).all() and (rows[..., 0] == rows[..., 2]).all())
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rows[..., 0]) if grey else rows).save(buffer, "PNG")
    return buffer.getvalue()


def _describe(prompt: PromptSet) -> dict[str, Any]:
    points, box = prompt.points, prompt.box
    positions = np.column_stack([points.ijk[:, :2], points.labels]).round(2).tolist() if points else []
    corners = np.concatenate([box.lo[:2], box.hi[:2]]).round(2).tolist() if box else None
    return {"points": positions, "box": corners, "mask": prompt.mask is not None}
