"""Measure the peak memory of ``samaritan segment``, and whether it grows with the number of slices.

Usage: python benchmarks/speed/memory.py [MODEL] [--json FILE]

Writes synthetic volumes (SIDE x SIDE voxels a slice), runs the verb with MODEL (litemedsam) in a process of its own for each
case, without cache, and prints the largest resident memory. Exit code 0 when every figure is within its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel
import numpy as np

#: Pixels along each side of a slice; the volume of 500 slices then has 66 million voxels, of int16.
SIDE = 364

#: Slices that are asked about; of the large volume those in the middle, since only one embedding is held at a time.
ASKED = 50

#: Largest allowed peak in MB: one slice with 64 boxes, the volume of 500 slices; and the growth from 50 to 500 slices.
ONE, MANY, GROWTH = 750, 1200, 1.2


def write_volume(path: Path, slices: int) -> None:
    """A bright ball in noise, as a scanner stores it."""
    rng = np.random.default_rng(0)
    x, y = np.ogrid[:SIDE, :SIDE]
    voxels = rng.integers(0, 300, (SIDE, SIDE, slices), dtype=np.int16)
    for k in range(slices):
        voxels[..., k][(x - SIDE / 2) ** 2 + (y - SIDE / 2) ** 2 < (SIDE / 5) ** 2] += 600
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([0.7, 0.7, 1.0, 1.0])), path)  # type: ignore[no-untyped-call]


def peak(image: Path, boxes: list[str], model: str) -> float:
    """MB that the verb took at most."""
    arguments = [word for box in boxes for word in ("--box", box)]
    command = [
        sys.executable,
        __file__,
        "--child",
        "segment",
        str(image),
        "-m",
        model,
        "--overwrite",
        "--json",
        *arguments,
    ]
    environment = os.environ | {"SAMARITAN_EMBEDDINGS_GB": "0"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(json.loads(done.stderr.splitlines()[-1])["peak_mb"])


def boxes_on_one_slice(count: int) -> list[str]:
    side = int(np.ceil(np.sqrt(count)))
    step = SIDE // (side + 1)
    places = [(step * (n % side + 1), step * (n // side + 1)) for n in range(count)]
    return [f"{x - 15},{y - 15},{x + 15},{y + 15}@0=target{n}" for n, (x, y) in enumerate(places)]


def child(arguments: list[str]) -> None:
    """In this process: the verb, then its peak on the last line of stderr."""
    from samaritan.cli import main as samaritan  # noqa: PLC0415 - the parent shall stay small

    sys.argv = ["samaritan", *arguments]
    try:
        samaritan()
    finally:
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"peak_mb": kilobytes / 1024}), file=sys.stderr)


def main(model: str, out: Path | None) -> int:
    around, middle = f"{SIDE // 3},{SIDE // 3},{SIDE - SIDE // 3},{SIDE - SIDE // 3}", 250 - ASKED // 2
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for slices in (1, 50, 500):
            write_volume(Path(folder) / f"{slices}.nii", slices)
        for title, slices, boxes in (
            ("one_box_mb", 1, boxes_on_one_slice(1)),
            ("one_slice_mb", 1, boxes_on_one_slice(64)),
            ("fifty_slices_mb", 50, [f"{around}@0-{ASKED - 1}"]),
            ("many_slices_mb", 500, [f"{around}@{middle}-{middle + ASKED - 1}"]),
        ):
            found[title] = round(peak(Path(folder) / f"{slices}.nii", boxes, model))
            print(f"{title:<20}{found[title]:>8} MB", flush=True)
    growth = round(found["many_slices_mb"] / found["fifty_slices_mb"], 2)
    print(f"growth from 50 to 500 slices {growth}")
    if out is not None:
        out.write_text(json.dumps(found | {"growth": growth}, indent=1) + "\n", encoding="utf-8")
    return int(not (found["one_slice_mb"] < ONE and found["many_slices_mb"] < MANY and growth <= GROWTH))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="litemedsam")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
    given = arguments()
    sys.exit(main(given.model, given.json))
