"""Peak memory of propagation as slices and targets grow, on a made-up volume: it must follow the volume, not the work.

Usage: python benchmarks/propagation_memory.py [--slices 125,250,500,1000] [--targets 1,16] [--side 256]

Every setting runs in a process of its own, with a model that thresholds brightness, so that the figures are those of the
machinery (masks, chains, label map) and not of a network; its embeddings have the size of LiteMedSAM's. Prints the peak beyond
what the process held with the volume in memory, and encoder calls. Exit code 0 when that peak grows by less than two bytes
per voxel.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from typing import Any

#: Bytes per voxel by which the peak may grow: the label map takes one or two of them.
ALLOWED = 2.0


def run(slices: int, targets: int, side: int) -> dict[str, Any]:
    """In this process: a volume with tubes, one box each on its middle slice, both directions."""
    import numpy as np  # noqa: PLC0415 - the parent shall stay small
    import torch  # noqa: PLC0415

    from samaritan.core import Box, Geometry, PromptSet, Volume  # noqa: PLC0415
    from samaritan.models._base import Embedding, Prediction, WeightCard  # noqa: PLC0415
    from samaritan.predict import predict  # noqa: PLC0415

    class Threshold:
        name = "threshold"
        card = WeightCard("threshold", "", "", None, None, "Apache-2.0", (), 0, "", ("box",), "", 0)
        network = torch.nn.Identity()

        def encode(self, picture: Any) -> Embedding:
            features = {"image": torch.zeros(1, 256, 64, 64), "grey": torch.from_numpy(picture[..., 0].copy())}
            return Embedding(features, picture.shape[:2])

        def decode(self, embedding: Embedding, prompts: Any, *, multimask: bool = False) -> list[Prediction]:  # noqa: ARG002
            grey, answers = embedding.features["grey"].numpy(), []
            for prompt in prompts:
                logits = np.full((1, *grey.shape), -9, np.float32)
                (x0, y0), (x1, y1) = prompt.box.lo[:2].astype(int), prompt.box.hi[:2].astype(int)
                logits[0, x0 : x1 + 1, y0 : y1 + 1] = grey[x0 : x1 + 1, y0 : y1 + 1] - 100
                answers.append(Prediction(logits, np.ones(1, np.float32), np.zeros((1, 4, 4), np.float32)))
            return answers

    data = np.full((side, side, slices), 20, np.uint8, order="F")
    rows = int(np.ceil(np.sqrt(targets)))
    step = side // (rows + 1)
    boxes = {}
    for n in range(targets):
        x, y, half = step * (n % rows + 1), step * (n // rows + 1), max(2, step // 3)
        data[x - half : x + half, y - half : y + half] = 200
        low, high = (x - half, y - half, slices // 2), (x + half - 1, y + half - 1, slices // 2)
        boxes[f"t{n}"] = [PromptSet(box=Box(low, high))]
    volume = Volume(data, Geometry.from_spacing(data.shape, (1, 1, 1)))
    data.max()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = predict(Threshold(), volume, boxes, propagation="sequence", intensity="asis")  # type: ignore[arg-type]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    voxels = int((found.labelmap.data > 0).sum())
    return {"mb": (peak - before) / 1024, "encoded": found.encode_calls, "voxels": voxels, "size": data.size}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", default="125,250,500,1000")
    parser.add_argument("--targets", default="1,16")
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(run(*json.loads(args.child))))
        return 0
    right = True
    print("targets  slices  encoder calls  peak MB beyond the volume  bytes per voxel more")
    for targets in map(int, args.targets.split(",")):
        first: dict[str, Any] = {}
        for slices in map(int, args.slices.split(",")):
            command = [sys.executable, __file__, "--child", json.dumps([slices, targets, args.side])]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            first = first or found
            more = (found["mb"] - first["mb"]) * 2**20 / max(found["size"] - first["size"], 1)
            right &= more < ALLOWED and found["encoded"] == slices
            print(f"{targets:>7}{slices:>8}{found['encoded']:>15}{found['mb']:>27.0f}{more:>22.2f}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
