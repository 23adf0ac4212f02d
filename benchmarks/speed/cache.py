"""What the cache of embeddings brings, and what half precision in it changes, on the built-in samples.

Usage: python benchmarks/speed/cache.py [MODEL] [SLICES]

Asks MODEL (litemedsam) with a box around every label on up to SLICES (3) slices of each sample: without a cache, filling one,
and reading it. Prints the median ratios of the time to an embedding, and the Dice of masks from half precision to those without
a cache. Exit code 0 when full precision changes no bit, and half precision keeps a mean Dice of 0.999 and a smallest of 0.99.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from samaritan.core import Box, InputError, PromptSet, SliceView
from samaritan.core.store import ArrayStore
from samaritan.datasets import open_datasets
from samaritan.models import load_model
from samaritan.predict import EmbeddingCache, VolumePredictor

#: What half precision must keep.
MEAN, LEAST = 0.999, 0.99


def questions(labels: Any, view: SliceView, slices: int) -> dict[int, list[PromptSet]]:
    """A box around each label on some slices that hold any."""
    filled = np.flatnonzero(labels.any(axis=view.axes[:2]))
    chosen = filled[np.linspace(0, filled.size - 1, min(slices, filled.size)).astype(int)]
    found = {}
    for k in chosen.tolist():
        drawn = view.slice(labels, k)
        places = [np.argwhere(drawn == label) for label in np.unique(drawn)[1:].tolist()]
        found[k] = [PromptSet(box=Box(at.min(axis=0), at.max(axis=0))) for at in places[:20]]
    return found


def ask(predictor: VolumePredictor, k: int, prompts: list[PromptSet]) -> tuple[float, np.ndarray]:
    started = time.perf_counter()
    predictor.embedding(k)
    spent = time.perf_counter() - started
    return spent, np.stack([answer.logits[0] for answer in predictor.decode(k, prompts)])


def dice(one: np.ndarray, other: np.ndarray) -> float:
    both = np.count_nonzero((one > 0) & (other > 0))
    return 2 * both / max(np.count_nonzero(one > 0) + np.count_nonzero(other > 0), 1) if (one > 0).any() else 1.0


def main(model: str, slices: int) -> int:
    segmenter = load_model(model)
    same, filling, reading = True, [], []
    dices: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        full, half = (EmbeddingCache(ArrayStore(Path(folder) / name), half=name == "half") for name in ("full", "half"))
        for dataset in open_datasets(["samples"]):
            case = dataset.cases[0]
            try:
                volume, labels = case.read_image(), next(iter(case.read_references.values()))().data
            except InputError as error:
                print(f"{dataset.name}: left out ({error})")
                continue
            predictors = [
                VolumePredictor(segmenter, volume, modality=case.modality, intensity=case.intensity, cache=cache)
                for cache in (None, full, full, half)
            ]
            for k, prompts in questions(labels, predictors[0].view, slices).items():
                (plain, masks), (first, _), (again, read), (_, rounded) = (ask(one, k, prompts) for one in predictors)
                same &= np.array_equal(masks, read)
                filling.append(first / plain)
                reading.append(plain / again)
                dices += [dice(one, other) for one, other in zip(masks, rounded, strict=True)]
    print(f"{len(reading)} slices, {len(dices)} masks of {model}")
    print(f"filling the cache costs {statistics.median(filling) - 1:+.1%} of an encoding")
    print(f"an embedding from the cache is {statistics.median(reading):.0f} times faster, bits equal: {same}")
    print(f"half precision: Dice to full precision mean {np.mean(dices):.5f}, smallest {min(dices):.5f}")
    return int(not (same and np.mean(dices) >= MEAN and min(dices) >= LEAST))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "litemedsam", int(sys.argv[2]) if len(sys.argv) > 2 else 3))
