"""Whether thick slices, seen from the side, are better asked with square pixels: ``whole`` against ``square``.

Usage: python benchmarks/framing/square.py DATA... [--meta FILE] [--model NAME] [--minutes N] [--json FILE]

Coronal and sagittal boxes on volumes whose pixels there are at least THICK times as long as wide, as they were acquired (ASKED
of each case and plane); and on volumes of thinner slices that were made thick by averaging, with the labels of the middle
voxel (3 of each). Of each set the first CASES cases; of each case labels first, then slices of each, with PIXELS
pixels of it or more. Boxes are tight, and with a margin of a tenth. What is found is written after every case; a run that was
stopped, by hand or after N minutes, goes on where it was. benchmarks/framing/page.py writes the tables.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _questions import dice
from looks import spaced
from numpy.typing import NDArray

from samaritan.core import Geometry, Volume, atomic_path
from samaritan.datasets import Case, open_datasets
from samaritan.models import load_model
from samaritan.models._base import Segmenter
from samaritan.predict import VolumePredictor
from samaritan.predict.framing import make_framing
from samaritan.predict.framing.square import Square, ratio
from samaritan.predict.runtimes import with_runtime
from samaritan.prompts import make_prompt

CASES, PIXELS = 2, 12
PLANES = ("coronal", "sagittal")
PROMPTS = ("box", "box:margin=0.1")
FRAMINGS = ("whole", "square")

#: Length over width of pixels from which slices count as thick.
THICK = 1.5

#: Voxels along the patient's axis, and across, that become one in volumes of thin slices.
THICKENED = ((3, 2), (2, 1), (5, 1))

#: Slices of a volume, at least.
FEWEST = 16

#: Questions of a case and plane.
ASKED = {"acquired": 16, "averaged": 3}

RESULTS = Path(__file__).resolve().parent / "square.json"

Labels = NDArray[np.unsignedinteger[Any]]


def volumes(case: Case) -> Iterator[tuple[str, Volume, Labels]]:
    """(how, image, labels): as acquired where slices are thick, else made thick; none of pictures."""
    image = case.read_image()
    if image.data.ndim > 3 or min(image.data.shape) < FEWEST:
        return
    labels = next(iter(case.read_references.values()))().data
    if max(image.geometry.spacing) >= THICK * min(image.geometry.spacing):
        yield "acquired", image, labels
        return
    for along, across in THICKENED:
        yield "averaged", *thickened(image, labels, along, across)


def thickened(image: Volume, labels: Labels, along: int, across: int) -> tuple[Volume, Labels]:
    """Blocks of voxels as one: their mean, and the label of the middle one."""
    block = [along if world == 2 else across for world, _ in image.geometry.world_axes]
    size = [n // b for n, b in zip(image.data.shape, block, strict=True)]
    cut = tuple(slice(n * b) for n, b in zip(size, block, strict=True))
    split = [side for pair in zip(size, block, strict=True) for side in pair]
    mean = image.data[cut].reshape(split).mean(axis=(1, 3, 5), dtype=np.float32)
    affine = image.geometry.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ (np.array(block) - 1) / 2
    affine[:3, :3] *= block
    middle = tuple(slice(b // 2, n * b, b) for n, b in zip(size, block, strict=True))
    return Volume(mean, Geometry(mean.shape, affine), image.modality), labels[middle]


def asked(case: Case, segmenter: Segmenter) -> Iterator[dict[str, Any]]:
    """One row per target, slice and prompt."""
    for how, volume, labels in volumes(case):
        for plane in PLANES:
            predictor = VolumePredictor(
                segmenter, volume, plane=plane, modality=case.modality, intensity=case.intensity
            )
            spacing = predictor.view.spacing[:2]
            if round(ratio(spacing), 2) < THICK:
                continue
            about = {"dataset": case.dataset, "case": case.case_id, "how": how, "plane": plane,
                     "ratio": round(ratio(spacing), 2)}  # fmt: skip
            for index, value, ref in questions(predictor, labels, ASKED[how]):
                prompts = [make_prompt(prompt).first(ref, np.random.default_rng(0))[0] for prompt in PROMPTS]
                found: list[dict[str, float]] = [{} for _ in PROMPTS]
                for name, framing in zip(FRAMINGS, (make_framing("whole"), Square(spacing)), strict=True):
                    predictor.framing = framing
                    for scores, answer in zip(found, predictor.decode(index, prompts), strict=True):
                        scores[name] = round(dice(answer.logits[0] > 0, ref), 4)
                for prompt, scores in zip(PROMPTS, found, strict=True):
                    yield {**about, "slice": index, "label": value, "prompt": prompt, **scores}


def questions(predictor: VolumePredictor, labels: Labels, budget: int) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
    """(slice, label, reference)."""
    pictures = [predictor.view.slice(labels, k) for k in range(predictor.view.count)]
    places: dict[int, list[int]] = defaultdict(list)
    for k, picture in enumerate(pictures):
        values, counts = np.unique(picture, return_counts=True)
        for value in values[(values > 0) & (counts >= PIXELS)]:
            places[int(value)].append(k)
    chosen = spaced(sorted(places), budget)
    for value in chosen:
        for k in spaced(places[value], budget // len(chosen)):
            yield k, value, pictures[k] == value


def main() -> None:
    """Ask what was not asked before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--meta", type=Path)
    parser.add_argument("--model", default="litemedsam")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--json", type=Path, default=RESULTS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    stop = time.monotonic() + 60 * args.minutes
    segmenter = with_runtime(load_model(args.model))
    rows: list[dict[str, Any]] = json.loads(args.json.read_text("utf-8")) if args.json.is_file() else []
    done = {(row["dataset"], row["case"]) for row in rows}
    for dataset in open_datasets(args.data, args.meta):
        for case in dataset.cases[:CASES]:
            if time.monotonic() > stop or (case.dataset, case.case_id) in done:
                continue
            rows += asked(case, segmenter)
            with atomic_path(args.json, overwrite=True) as temporary:
                temporary.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", encoding="utf-8")
            print(dataset.name, case.case_id, len(rows), flush=True)


if __name__ == "__main__":
    main()
