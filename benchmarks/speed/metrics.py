"""Compare HD95, ASSD and NSD together with MONAI's three functions, on 3D masks of real size.

Usage: python benchmarks/speed/metrics.py [ROUNDS] [--json FILE]

Both sides take the same masks in turn, ROUNDS (5) times, in this process; a ratio is the median over rounds of MONAI's
processor time over ours. Ours includes the check and the crop of the masks, MONAI's begins with tensors that are made already.
Prints the largest relative difference of the values too (MONAI computes in single precision). Exit code 0 when all values agree
and the median ratio is at least 5.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from samaritan.evaluate import Mask, evaluate

warnings.filterwarnings("ignore")  # what MONAI says about its own imports
from monai import metrics as monai_metrics  # noqa: E402

#: Voxels of a brain template at 1 mm.
SHAPE = (181, 217, 181)

SPACINGS = ((1.0, 1.0, 1.0), (0.7, 0.9, 3.1), (2.0, 0.5, 0.5))

#: Half axes of the reference as shares of the volume.
OBJECTS = {"organ": (0.34, 0.3, 0.3), "structure": (0.12, 0.1, 0.12), "lesion": (0.04, 0.03, 0.04)}

#: Standard deviation of the border from the ellipsoid in voxels, how far it is correlated, and the tolerance of NSD in mm.
ROUGH, SMOOTH = 1.0, 1.5
TOLERANCE = 2.0

#: A median ratio of less is a failure, and so is a relative difference of more.
NEEDED, ALLOWED = 5.0, 1e-5

Spacing = tuple[float, float, float]
Values = dict[str, float]


def masks() -> Iterator[tuple[str, Mask, Mask]]:
    """(name, prediction, reference): ellipsoids with a rough border; predictions that are good, and one that missed."""
    rng = np.random.default_rng(0)
    for name, axes in OBJECTS.items():
        ref = _ellipsoid(axes, (0.5, 0.5, 0.5), rng)
        yield f"{name}, good", _ellipsoid(axes, (0.505, 0.495, 0.5), rng), ref
        yield f"{name}, poor", _ellipsoid([a * 0.8 for a in axes], [0.5 + a / 3 for a in axes], rng), ref


def _ellipsoid(axes: Any, centre: Any, rng: np.random.Generator) -> Mask:
    grid = np.indices(SHAPE, dtype=np.float32)
    parts = [((g - n * c) / (n * a)) ** 2 for g, n, c, a in zip(grid, SHAPE, centre, axes, strict=True)]
    noise = gaussian_filter(rng.standard_normal(SHAPE, dtype=np.float32), SMOOTH)
    voxel = 1 / min(n * a for n, a in zip(SHAPE, axes, strict=True))
    return np.asarray(np.sqrt(np.sum(parts, axis=0)) + ROUGH * voxel * noise / noise.std() < 1)


def ours(pred: Mask, ref: Mask, spacing: Spacing) -> Values:
    names = ("hd95_mm", "assd_mm", "nsd")
    return evaluate(pred=pred, ref=ref, spacing=spacing, nsd_tolerance=TOLERANCE, metrics=names)


def theirs(pred: torch.Tensor, ref: torch.Tensor, spacing: Spacing) -> Values:
    near: dict[str, Any] = {"include_background": True, "spacing": list(spacing)}
    found = {
        "hd95_mm": monai_metrics.compute_hausdorff_distance(pred, ref, percentile=95, **near),
        "assd_mm": monai_metrics.compute_average_surface_distance(pred, ref, symmetric=True, **near),
        "nsd": monai_metrics.compute_surface_dice(pred, ref, class_thresholds=[TOLERANCE], use_subvoxels=True, **near),
    }
    return {name: float(value) for name, value in found.items()}


def timed(compute: Callable[..., Values], *inputs: Any) -> tuple[float, Values]:
    started = time.process_time()
    values = compute(*inputs)
    return time.process_time() - started, values


def main(rounds: int, out: Path | None) -> int:
    print(f"{'masks':<18}{'spacing mm':<18}{'ours ms':>9}{'MONAI ms':>10}{'ratio':>8}{'difference':>13}")
    ratios, worst = [], 0.0
    for name, pred, ref in masks():
        tensors = [torch.from_numpy(mask)[None, None].float() for mask in (pred, ref)]
        for spacing in SPACINGS:
            took: list[tuple[float, float]] = []
            for _ in range(rounds):
                mine, values = timed(ours, pred, ref, spacing)
                other, reference = timed(theirs, *tensors, spacing)
                took.append((mine, other))
            apart = max(abs(values[key] / reference[key] - 1) for key in reference)
            ratios.append(statistics.median(other / mine for mine, other in took))
            worst = max(worst, apart)
            mine_ms, other_ms = (1000 * statistics.median(side) for side in zip(*took, strict=True))
            sizes = " x ".join(map(str, spacing))
            print(f"{name:<18}{sizes:<18}{mine_ms:>9.0f}{other_ms:>10.0f}{ratios[-1]:>8.1f}{apart:>13.1e}")
    print(f"ratio: smallest {min(ratios):.1f}, median {statistics.median(ratios):.1f}; largest difference {worst:.1e}")
    if out is not None:
        found = {
            "ratio": round(statistics.median(ratios), 1),
            "smallest_ratio": round(min(ratios), 1),
            "largest_difference": worst,
        }
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0 if statistics.median(ratios) >= NEEDED and worst <= ALLOWED else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    sys.exit(main(given.rounds, given.json))
