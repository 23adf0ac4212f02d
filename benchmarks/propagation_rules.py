"""How the settings of propagation were chosen: 3D Dice of one change at a time, on cases with reference masks.

Usage: python benchmarks/propagation_rules.py FOLDER/CASE [FOLDER/CASE ...] [--model litemedsam] [--prompts mid,5th,all]

FOLDER holds images/ and masks/; CASE is how a file's name begins. Every slice is encoded once for all settings. Prompts are
tight boxes from the reference: on the middle slice of each target (mid), on every fifth from the third (5th), on all (all, the
ceiling, without propagation), and the box around the whole target (box3d): asked on each slice it crosses, or on the middle one
with chains that stop at its ends. Prints the mean Dice over targets, and how many slices were found too many and missed.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Box, PromptSet
from samaritan.io import read_labels, read_volume
from samaritan.models import load_model
from samaritan.predict import VolumePredictor, VolumeSession, default_cache
from samaritan.predict.propagate import Rules

RULES = Rules()

#: Name -> strategy and settings that are compared.
CHANGES = {
    "sequence": ("sequence", RULES),
    "interpolate": ("interpolate", RULES),
    "refine": ("refine", RULES),
    "no stop rule": ("sequence", replace(RULES, shrink=0, grow=1e9, quality=0, overlap=0)),
    "shrink 0.3": ("sequence", replace(RULES, shrink=0.3)),
    "quality 0.9": ("sequence", replace(RULES, quality=0.9)),
    "quality 0.6": ("sequence", replace(RULES, quality=0.6)),
    "overlap 0.7": ("sequence", replace(RULES, overlap=0.7)),
    "margin 0": ("sequence", replace(RULES, margin=0)),
    "margin 0.1": ("sequence", replace(RULES, margin=0.1)),
    "margin 0.1, 2 px": ("sequence", replace(RULES, margin=0.1, margin_px=2)),
}

#: Smaller targets say little.
LEAST_VOXELS = 30

Mask = NDArray[np.bool_]


def tight(mask: Mask) -> PromptSet:
    places = np.argwhere(mask)
    return PromptSet(box=Box(places.min(axis=0), places.max(axis=0)))


def shown(predictor: VolumePredictor, mask: Mask) -> list[int]:
    return [k for k in range(predictor.view.count) if predictor.view.slice(mask, k).any()]


def prompts_of(predictor: VolumePredictor, mask: Mask, kind: str) -> dict[int, PromptSet]:
    slices = shown(predictor, mask)
    chosen = {"mid": [slices[len(slices) // 2]], "5th": slices[2::5] or slices[:1], "all": slices}[kind]
    return {k: tight(predictor.view.slice(mask, k)) for k in chosen}


def score(session: VolumeSession, masks: dict[str, Mask]) -> str:
    dice, over, missed = [], [], []
    for name, mask in masks.items():
        found = session.mask(name)
        dice.append(2 * (found & mask).sum() / (found.sum() + mask.sum()))
        have, want = set(session.found(name)), set(shown(session.predictor, mask))
        over.append(len(have - want))
        missed.append(len(want - have))
    return f"Dice {np.mean(dice):.3f}  slices too many {np.mean(over):.1f}, missed {np.mean(missed):.1f}"


def measure(predictor: VolumePredictor, masks: dict[str, Mask], kinds: list[str]) -> None:
    for kind in kinds:
        asked = {name: prompts_of(predictor, mask, kind) for name, mask in masks.items()}
        for name, (strategy, rules) in CHANGES.items() if kind != "all" else [("none", ("none", RULES))]:
            if kind == "mid" and strategy in ("interpolate", "refine"):
                continue
            session = VolumeSession(predictor, strategy, rules=rules)
            session.ask_all(asked)
            print(f"  {kind:<6}{name:<18}{score(session, masks)}", flush=True)


def measure_box(predictor: VolumePredictor, masks: dict[str, Mask]) -> None:
    bounds = {name: (shown(predictor, mask)[0], shown(predictor, mask)[-1]) for name, mask in masks.items()}
    boxes = {
        name: tight(np.any([predictor.view.slice(mask, k) for k in shown(predictor, mask)], axis=0))
        for name, mask in masks.items()
    }
    each = {name: dict.fromkeys(range(a, b + 1), boxes[name]) for name, (a, b) in bounds.items()}
    middle = {name: {(a + b + 1) // 2: boxes[name]} for name, (a, b) in bounds.items()}
    for title, strategy, asked in (("each slice", "none", each), ("middle, bounded", "sequence", middle)):
        session = VolumeSession(predictor, strategy, rules=RULES)
        session.ask_all(asked, bounds=bounds)
        print(f"  box3d {title:<18}{score(session, masks)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", type=Path)
    parser.add_argument("--model", default="litemedsam")
    parser.add_argument("--prompts", default="mid,5th,all,box3d")
    args = parser.parse_args()
    segmenter, kinds = load_model(args.model), args.prompts.split(",")
    for case in args.cases:
        image, labels = (sorted((case.parent / part).glob(f"{case.name}*"))[0] for part in ("images", "masks"))
        volume, reference = read_volume(image), read_labels(labels)
        masks = {str(value): reference.data == value for value in reference.labels()}
        masks = {name: mask for name, mask in masks.items() if mask.sum() >= LEAST_VOXELS}
        print(f"{case}: {len(masks)} targets", flush=True)
        predictor = VolumePredictor(segmenter, volume, keep=64, cache=default_cache())
        measure(predictor, masks, [kind for kind in kinds if kind != "box3d"])
        if "box3d" in kinds:
            measure_box(predictor, masks)


if __name__ == "__main__":
    main()
