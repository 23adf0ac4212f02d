"""Whole volumes from a few prompts, and what that costs: measure, and write docs/volumes-results.md.

Usage: python benchmarks/volumes.py DATA [--folder FOLDER] [--runtime NAME] [--only NAME ...] [--page-only]

DATA holds a folder of each data set in SETS, as described by benchmarks/public27.yaml. Every data set has one or more runs of
`samaritan benchmark` in FOLDER (runs/volumes), so a stopped command goes on where it was, and what is there is not measured
again; embeddings are kept in FOLDER for all of them (about 4 MB a slice). Then all targets of a case with many are
followed together and some of them alone, in turns. The page is made from what FOLDER holds at the end, with the text of
volumes_notes.md, which was written by people who looked at the masks.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _volumes_page import write_page
from numpy.typing import NDArray

from samaritan.benchmark import RunConfig, run_benchmark
from samaritan.benchmark._visits import Visits
from samaritan.core.store import ArrayStore
from samaritan.datasets import Case, open_datasets
from samaritan.models import Segmenter, load_model
from samaritan.predict import EmbeddingCache, VolumePredictor, VolumeSession
from samaritan.predict.runtimes import with_runtime
from samaritan.process import keep_heap
from samaritan.prompts import Solid, VolumeStrategy, make_strategy
from samaritan.show.runs import case_bar

HERE = Path(__file__).resolve().parent
META = HERE / "public27.yaml"
PAGE = HERE.parent / "docs" / "volumes-results.md"

MODEL = "litemedsam"

#: One box, some boxes, and a box on every slice: what is left to propagation, from nearly all to nothing.
LADDER = ("centre-box", "boxes-every:5", "boxes-every:1")

#: Asked where few targets make them cheap.
OTHERS = ("slices:3", "box3d", "line", "clicks3d:3")

#: Targets that are followed alone, evenly spread from the smallest to the largest.
ALONE = 5


@dataclass(frozen=True)
class Set:
    """A data set: its folder, how many of its cases are measured (the first ones), and the prompts of each of its runs."""

    name: str
    cases: int
    runs: tuple[tuple[str, ...], ...] = (LADDER, OTHERS)


SETS = (
    Set("wholebody_ct_pseudo", 1, (LADDER,)),
    Set("wholebody_mr_pseudo", 1, (LADDER,)),
    Set("brain_tumour_mr", 1),
    Set("lung_tumour_ct", 1),
    Set("msd_hippocampus", 2),
    Set("spinal_cord_mr", 1, (LADDER,)),
    Set("subcortical_mr", 1, (LADDER,)),
    Set("colin27_aal", 1, tuple((prompt,) for prompt in LADDER)),
)

#: The case with many targets.
MANY = "colin27_aal"


def measure(data: Path, one: Set, number: int, folder: Path, runtime: str) -> None:
    """One run of a data set, as far as it is not measured yet."""
    config = RunConfig(
        data=(str(data / one.name),), models=(MODEL,), prompts=one.runs[number], limit=one.cases, meta=str(META)
    )
    out = folder / one.name / str(number)
    with case_bar(quiet=False) as progress:
        run_benchmark(config, out, runtime=runtime, progress=progress, cache=store(folder))
    print(out, flush=True)


def store(folder: Path) -> EmbeddingCache:
    """Where embeddings are kept."""
    return EmbeddingCache(ArrayStore(folder / "embeddings"))


def time_targets(case: Case, segmenter: Segmenter, folder: Path) -> dict[str, Any]:
    """All targets of a case with a box on the largest slice each, together and some alone, in seconds of processor time.

    That is what a quiet machine with one thread takes by the clock, whatever else runs beside. Encoding is left out of it:
    pictures that are needed are counted, and the time that one takes is measured by itself.
    """
    volume, labels = case.read_image(), next(iter(case.read_references.values()))()
    visits = Visits(store(folder).store)

    def predictor() -> VolumePredictor:
        return VolumePredictor(segmenter, volume, modality=case.modality, intensity=case.intensity, cache=visits)

    first = predictor()
    view, picture = first.view, _encoding(segmenter, first)
    stack = np.stack([view.slice(labels.data, k) for k in range(view.count)], axis=2)
    for k in np.flatnonzero(stack.any(axis=(0, 1))):
        first.embedding(int(k))  # so that hardly anything is left to encode
    asked = boxes(stack, view.spacing)
    chosen = [list(asked)[n] for n in np.linspace(0, len(asked) - 1, ALONE).round().astype(int)]

    def follow(targets: Sequence[str]) -> dict[str, float]:
        visits.begin()
        model = predictor()
        started = time.process_time()
        VolumeSession(model).ask_all({name: asked[name] for name in targets})
        spent = time.process_time() - started - model.encode_calls * picture
        return {"seconds": spent, "calls": visits.calls}

    alone = [{"target": case.names.get(int(name), name)} | follow([name]) for name in chosen]
    return {
        "case": case.case_id,
        "targets": len(asked),
        "encode_seconds": picture,
        "together": follow(list(asked)),
        "alone": alone,
    }


def boxes(labels: NDArray[np.unsignedinteger[Any]], spacing: tuple[float, float, float]) -> dict[str, Any]:
    """Label -> a box on its largest slice, from the smallest to the largest target; ``labels`` (x, y, slice)."""
    strategy = make_strategy("centre-box")
    if not isinstance(strategy, VolumeStrategy):
        raise TypeError("centre-box asks about volumes")
    values, counts = np.unique(labels[labels > 0], return_counts=True)
    return {
        str(value): strategy.first(Solid.of(labels == value, spacing), np.random.default_rng(0))
        for value in values[np.argsort(counts, kind="stable")].tolist()
    }


def _encoding(segmenter: Segmenter, predictor: VolumePredictor, pictures: int = 5) -> float:
    """Seconds of processor time that one picture takes to encode, the median of a few."""
    times = []
    for k in np.linspace(predictor.view.count // 4, 3 * predictor.view.count // 4, pictures).astype(int):
        picture = predictor.picture(int(k))
        started = time.process_time()
        segmenter.encode(picture)
        times.append(time.process_time() - started)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("runs/volumes"))
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--only", nargs="*", default=[one.name for one in SETS], metavar="NAME")
    parser.add_argument("--page-only", action="store_true", help="make the page from what is there")
    args = parser.parse_args()
    keep_heap()
    if not args.page_only:
        for number in range(max(len(one.runs) for one in SETS)):
            for one in SETS:
                if one.name in args.only and number < len(one.runs):
                    measure(args.data, one, number, args.folder, args.runtime)
        timing = args.folder / "targets.json"
        if MANY in args.only and not timing.exists():
            case = open_datasets([str(args.data / MANY)], META)[0].cases[0]
            found = time_targets(case, with_runtime(load_model(MODEL), args.runtime), args.folder)
            timing.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_page(args.folder, [one.name for one in SETS], HERE / "volumes_notes.md", PAGE)
    print(PAGE)


if __name__ == "__main__":
    main()
