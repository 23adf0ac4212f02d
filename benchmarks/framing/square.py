"""Whether thick slices, seen from the side, are better asked with square pixels: ``whole`` against ``square``.

Usage: python benchmarks/framing/square.py DATA... [--meta FILE] [--model NAME] [--json FILE]

Coronal and sagittal slices of volumes whose pixels there are at least 1.5 times as long as wide, as they were acquired; volumes
with thinner slices are made thick, each of THICKENED slices becoming their mean, with the labels of the middle one. Of each set
up to CASES cases, evenly spaced; of each case and plane up to LABELS labels on up to SLICES slices with PIXELS pixels of it or
more. Boxes are tight, and with a margin of a tenth. Written: Dice of every question, and the page's table.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
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
from samaritan.predict.framing.square import ratio
from samaritan.predict.runtimes import with_runtime
from samaritan.prompts import make_prompt

CASES, LABELS, SLICES, PIXELS = 4, 3, 2, 12
PLANES = ("coronal", "sagittal")
PROMPTS = ("box", "box:margin=0.1")
FRAMINGS = ("whole", "square")

#: Pixels from which slices count as thick, and what thin ones are made of.
THICK, THICKENED = 1.5, (2, 5)

RESULTS = Path(__file__).resolve().parent / "square.json"

Labels = NDArray[np.unsignedinteger[Any]]


def volumes(case: Case) -> Iterator[tuple[str, Volume, Labels]]:
    """(how, image, labels): as acquired where slices are thick, else made thick."""
    image = case.read_image()
    labels = next(iter(case.read_references.values()))().data
    if min(image.geometry.shape) < max(THICKENED):
        return
    if ratio(image.geometry.spacing) >= THICK:  # type: ignore[arg-type]
        yield "acquired", image, labels
        return
    for count in THICKENED:
        yield f"{count} slices in one", *thickened(image, labels, count)


def thickened(image: Volume, labels: Labels, count: int) -> tuple[Volume, Labels]:
    """Every ``count`` axial slices as one."""
    axis = next(voxel for voxel, (world, _) in enumerate(image.geometry.world_axes) if world == 2)
    slabs = image.geometry.shape[axis] // count
    data = np.moveaxis(image.data, axis, 0)[: slabs * count]
    mean = data.reshape(slabs, count, *data.shape[1:]).mean(axis=1, dtype=np.float32)
    affine = image.geometry.affine.copy()
    affine[:3, 3] += affine[:3, axis] * (count - 1) / 2
    affine[:3, axis] *= count
    middle = np.moveaxis(labels, axis, 0)[: slabs * count].reshape(slabs, count, *data.shape[1:])[:, count // 2]
    thick = np.moveaxis(mean, 0, axis)
    return Volume(thick, Geometry(thick.shape, affine), image.modality), np.moveaxis(middle, 0, axis)


def asked(case: Case, segmenter: Segmenter) -> Iterator[dict[str, Any]]:
    """One row per target, slice and prompt."""
    for how, volume, labels in volumes(case):
        for plane in PLANES:
            predictor = VolumePredictor(
                segmenter, volume, plane=plane, modality=case.modality, intensity=case.intensity
            )
            spacing = predictor.view.spacing[:2]
            if ratio(spacing) < THICK:
                continue
            about = {"dataset": case.dataset, "case": case.case_id, "how": how, "plane": plane, "ratio": ratio(spacing)}
            for index, value, ref in questions(predictor, labels):
                for prompt in PROMPTS:
                    said = make_prompt(prompt).first(ref, np.random.default_rng(0))[0]
                    found = {}
                    for framing in FRAMINGS:
                        predictor.framing = make_framing(framing, spacing)
                        (answer,) = predictor.decode(index, [said])
                        found[framing] = dice(answer.logits[0] > 0, ref)
                    yield {**about, "slice": index, "label": value, "prompt": prompt, **found}


def questions(predictor: VolumePredictor, labels: Labels) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
    """(slice, label, reference)."""
    pictures = [predictor.view.slice(labels, k) for k in range(predictor.view.count)]
    places: dict[int, list[int]] = defaultdict(list)
    for k, picture in enumerate(pictures):
        values, counts = np.unique(picture, return_counts=True)
        for value in values[(values > 0) & (counts >= PIXELS)]:
            places[int(value)].append(k)
    for value in spaced(sorted(places), LABELS):
        for k in spaced(places[value], SLICES):
            yield k, value, pictures[k] == value


def interval(values: Sequence[float]) -> str:
    """95 % of means over cases drawn with replacement; nothing for fewer than five."""
    if len(values) < 5:
        return ""
    drawn = np.random.default_rng(0).choice(values, (10_000, len(values))).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{low:+.3f} to {high:+.3f}"


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Means over cases of means over questions, and paired differences."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["dataset"], row["how"], row["plane"], row["prompt"]].append(row)
        groups["**all**", row["how"], "both", row["prompt"]].append(row)
    lines = [
        "| data set | slices | pixels | plane | prompt | cases | questions | whole | square | difference | 95 % |",
        "|---|---|---:|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for (dataset, how, plane, prompt), members in sorted(
        groups.items(), key=lambda one: (one[0][1], one[0][0], one[0])
    ):
        cases: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in members:
            cases[f"{row['dataset']}/{row['case']}"].append(row)
        whole, square = (np.array([np.mean([r[f] for r in c]) for c in cases.values()]) for f in FRAMINGS)
        ratios = sorted({f"{row['ratio']:.1f}" for row in members}, key=float)
        lines.append(
            f"| {dataset} | {how} | {ratios[0] if len(ratios) == 1 else f'{ratios[0]} to {ratios[-1]}'} | {plane} | {prompt} "
            f"| {len(cases)} | {len(members)} | {whole.mean():.3f} | {square.mean():.3f} "
            f"| {(square - whole).mean():+.3f} | {interval(list(square - whole))} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--meta", type=Path)
    parser.add_argument("--model", default="litemedsam")
    parser.add_argument("--json", type=Path, default=RESULTS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    segmenter = with_runtime(load_model(args.model))
    rows: list[dict[str, Any]] = []
    for dataset in open_datasets(args.data, args.meta):
        for case in spaced(dataset.cases, CASES):
            rows += asked(case, segmenter)
            print(dataset.name, case.case_id, len(rows), flush=True)
    with atomic_path(args.json, overwrite=True) as temporary:
        temporary.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
