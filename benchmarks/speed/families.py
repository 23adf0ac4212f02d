"""The encoder of LiteMedSAM against the one of transformers' SamModel ViT-B at 1024 pixels, used plainly, in single precision.

Usage: python benchmarks/speed/families.py [--rounds N] [--threads N] [--runtime NAME] [--json FILE]

Both run from prepared pixels to the embedding and take turns; SamModel has random weights, which cost the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from samaritan.process import bind_threads, keep_heap


def measure(rounds: int, runtime: str) -> dict[str, Any]:
    """Medians and the median ratio."""
    import torch  # noqa: PLC0415 - after the threads are bound
    from samaritan.predict.runtimes import with_runtime  # noqa: PLC0415
    from transformers import SamConfig, SamModel  # noqa: PLC0415

    from samaritan import load_model  # noqa: PLC0415

    ours = with_runtime(load_model("litemedsam"), runtime)
    theirs = SamModel(SamConfig()).eval()
    picture = np.random.default_rng(0).uniform(0, 255, (256, 256, 3)).astype(np.float32)
    pixels = torch.rand(1, 3, 1024, 1024)
    variants = {"samaritan": lambda: ours.encode(picture), "SamModel": lambda: theirs.get_image_embeddings(pixels)}
    spent: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(rounds + 1):
        for name, run in (
            ("samaritan", lambda: ours.encode(picture)),
            ("SamModel", lambda: theirs.get_image_embeddings(pixels)),
        ):
            started = time.perf_counter()
            with torch.inference_mode():
                run()
            if number:
                spent[name].append(time.perf_counter() - started)
    ratios = [slow / fast for fast, slow in zip(spent["samaritan"], spent["SamModel"], strict=True)]
    return {name: round(statistics.median(values), 3) for name, values in spent.items()} | {
        "ratio": round(statistics.median(ratios), 2)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    bind_threads(args.threads)
    keep_heap()
    found = measure(args.rounds, args.runtime)
    print(json.dumps(found, indent=1))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
