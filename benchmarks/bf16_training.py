"""Compare the loss curve of a training in bfloat16 with that in single precision: same start, pictures, questions, noise.

Usage: python benchmarks/bf16_training.py [--steps N] [--methods A,B] [--json FILE]

Trains LiteMedSAM on a built-in sample twice with each method and prints both curves, smoothed over a fifth of the run, at five
points, with the Dice of the validation part at the end and the seconds of both. Exit code 0 when nowhere in the second half the
curves are further apart than ALLOWED of the loss that training took away, and Dice is not lower by more than ALLOWED.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

#: Largest distance between the curves, as a share of what training took from the loss; and largest loss of Dice.
ALLOWED = 0.1


def train(method: str, precision: str, steps: int) -> dict[str, Any]:
    """Losses step by step, the last Dice, and seconds."""
    from samaritan.train import TrainConfig, fit  # noqa: PLC0415 - slow to import

    settings = {"blocks": "last:2"} if method != "decoder" else {}
    config = TrainConfig(
        data=("samples/vessels-fundus",), method=method, settings=settings, steps=steps, batch=2, precision=precision,
        validations=1, variants=4,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        fit(config, Path(folder) / "run")
        seconds = time.perf_counter() - started
        with (Path(folder) / "run" / "log.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
    losses = [float(row["loss"]) for row in rows if row["loss"]]
    dice = [float(row["val_dice"]) for row in rows if row["val_dice"]]
    return {"losses": losses, "dice": dice[-1], "seconds": seconds}


def smooth(losses: list[float], width: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Running means."""
    return np.convolve(losses, np.ones(width) / width, mode="valid")


def compare(method: str, steps: int) -> dict[str, Any]:
    """Both trainings, and how far apart they are."""
    found = {precision: train(method, precision, steps) for precision in ("fp32", "bf16")}
    one, other = (smooth(found[precision]["losses"], max(1, steps // 5)) for precision in ("fp32", "bf16"))
    apart = np.abs(one - other)[len(one) // 2 :].max() / max(float(one[0] - one[-1]), 1e-6)
    lost = found["fp32"]["dice"] - found["bf16"]["dice"]
    places = np.linspace(0, len(one) - 1, 5).round().astype(int)
    return {
        "fp32": [round(float(value), 4) for value in one[places]],
        "bf16": [round(float(value), 4) for value in other[places]],
        "apart": round(float(apart), 3),
        "dice": [round(found[precision]["dice"], 4) for precision in ("fp32", "bf16")],
        "seconds": [round(found[precision]["seconds"], 1) for precision in ("fp32", "bf16")],
        "holds": bool(apart <= ALLOWED and lost <= ALLOWED),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--methods", default="decoder,late-layers,lora")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    table = {}
    for method in given.methods.split(","):
        table[method] = found = compare(method, given.steps)
        print(
            f"{method:<14}fp32 {found['fp32']}  bf16 {found['bf16']}  apart {found['apart']:.1%}  Dice {found['dice']}  "
            f"seconds {found['seconds']}",
            flush=True,
        )
    if given.json is not None:
        given.json.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return int(not all(found["holds"] for found in table.values()))


if __name__ == "__main__":
    sys.exit(main())
