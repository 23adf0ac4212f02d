"""What a model answers to boxes when it looks at the whole picture, at squares around the box, and at tiles.

Usage: python benchmarks/framing/looks.py DATA... --out FOLDER [--meta FILE] [--model NAME] [--prompt NAME] [--passes N]

Of each data set up to 2 cases, evenly spaced; of each case up to 5 questions (8 where the set has one case), a question being
one target on one slice: as many labels or objects as that, evenly spaced, on as many of their slices as the rest of the budget
allows (the middles of equal parts). Every question is asked under all framings of FRAMINGS (tiles where the picture is larger
than the network's square), and all logits are kept, so that rules that choose among them can be tried in seconds
(benchmarks/framing/rules.py). Squares along the box are tried where it is three times as long as wide; ``auto``, which
encodes nothing more, is stored so that the rules' table can be checked against it. One file per case; a stopped run goes on.
With --passes 1 only the first case of each set is asked. --prompt is tight boxes ("box") where nobody says.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._targets import Target, targets_of
from samaritan.core import PromptSet, Window, atomic_path
from samaritan.datasets import Case, open_datasets
from samaritan.models import load_model
from samaritan.models._base import Prediction, Segmenter
from samaritan.predict import VolumePredictor
from samaritan.predict.framing import make_framing
from samaritan.predict.framing.auto import ELONGATED
from samaritan.predict.framing.zoom import around, elongation, extent
from samaritan.predict.runtimes import with_runtime
from samaritan.prompts import make_prompt

FRAMINGS = ("whole", "zoom:1.3", "zoom:2", "zoom:3", "tiles:2", "along:3", "auto")
CASES = 2

#: Questions of a case, by the number of cases of its set.
BUDGETS = {1: 8, 2: 5}


def spaced(items: Sequence[Any], count: int) -> list[Any]:
    """At most ``count`` of the items, the middles of equal parts."""
    if len(items) <= count:
        return list(items)
    return [items[int(place)] for place in (np.arange(count) + 0.5) * len(items) / count]


def questions(case: Case, predictor: VolumePredictor, budget: int) -> dict[int, list[tuple[Target, NDArray[np.bool_]]]]:
    """Slice -> targets with their reference there."""
    config = RunConfig(data=("-",), models=("-",), prompts=("box",), max_instances=None, min_pixels=4)
    found = [t for t in targets_of(case, predictor.volume, predictor.view, config) if t.prompted]
    found = spaced(found, budget)
    asked = defaultdict(list)
    for target in found:
        for index in spaced(target.prompted, max(budget // len(found), 1)):
            asked[index].append((target, target.areas[index].unpack(predictor.view.shape)))
    return dict(sorted(asked.items()))


def region(box: Any, ref: NDArray[np.bool_], answers: Sequence[Prediction]) -> Window:
    """The part of the picture outside of which nothing was found by anyone, and that a wide zoom would see."""
    shape = (ref.shape[0], ref.shape[1])
    some = ref.copy()
    some[(around(box, 3.0, shape) or Window.whole(shape)).slices] = True
    for answer in answers:
        some |= answer.logits[0] > 0
    xs, ys = np.flatnonzero(some.any(axis=1)), np.flatnonzero(some.any(axis=0))
    return Window((int(xs[0]), int(ys[0])), (int(xs[-1] - xs[0] + 1), int(ys[-1] - ys[0] + 1)))


def answered(predictor: VolumePredictor, index: int, prompts: Sequence[PromptSet]) -> list[dict[str, Prediction]]:
    """Framing -> answer, for each prompt."""
    answers: list[dict[str, Prediction]] = [{} for _ in prompts]
    for framing in FRAMINGS:
        if framing == "tiles:2" and max(predictor.view.shape) <= predictor.segmenter.card.input_size:
            continue
        asked = [n for n, prompt in enumerate(prompts) if framing != "along:3" or elongation(prompt) >= ELONGATED]
        predictor.framing = make_framing(framing)
        for n, answer in zip(asked, predictor.decode(index, [prompts[n] for n in asked]), strict=True):
            answers[n][framing] = answer
    return answers


def look_at(case: Case, segmenter: Segmenter, budget: int, prompt: str) -> dict[str, NDArray[Any]]:
    """Everything about one case, ready to be stored."""
    predictor = VolumePredictor(segmenter, case.read_image(), modality=case.modality, intensity=case.intensity)
    box, rng = make_prompt(prompt), np.random.default_rng(0)
    arrays: dict[str, NDArray[Any]] = {}
    about: list[dict[str, Any]] = []
    for index, here in questions(case, predictor, budget).items():
        prompts = [box.first(ref, rng)[0] for _, ref in here]
        answers = answered(predictor, index, prompts)
        for n, (target, ref) in enumerate(here):
            mine = list(answers[n].values())
            part = region(prompts[n], ref, mine)
            low, high = extent(prompts[n]) or (np.zeros(2), np.zeros(2))
            arrays[f"{len(about)}/ref"] = np.packbits(ref[part.slices])
            arrays[f"{len(about)}/logits"] = np.stack([a.logits[0][part.slices] for a in mine]).astype(np.float16)
            about.append(
                {
                    "target": target.name, "instance": target.instance, "slice": index, "shape": ref.shape,
                    "low": part.low, "size": part.size, "voxels": int(ref.sum()),
                    "box": [*low, *high], "quality": [float(a.quality[0]) for a in mine],
                    "framings": list(answers[n]),
                }
            )  # fmt: skip
    said = {
        "dataset": case.dataset, "case": case.case_id, "questions": about,
        "encode_calls": predictor.encode_calls, "encode_seconds": predictor.encode_seconds,
    }  # fmt: skip
    arrays["about"] = np.frombuffer(json.dumps(said).encode(), np.uint8)
    return arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--meta", type=Path)
    parser.add_argument("--model", default="litemedsam")
    parser.add_argument("--prompt", default="box")
    parser.add_argument("--passes", type=int, default=CASES)
    args = parser.parse_args()
    torch.set_num_threads(1)
    segmenter = with_runtime(load_model(args.model))
    args.out.mkdir(parents=True, exist_ok=True)
    # the first case of every set, then the second: a run that is stopped early still speaks of all sets
    chosen = [spaced(dataset.cases, CASES) for dataset in open_datasets(args.data, args.meta)]
    for case, budget in [
        (cases[n], BUDGETS[len(cases)]) for n in range(args.passes) for cases in chosen if n < len(cases)
    ]:
        path = args.out / f"{case.dataset}--{case.case_id}.npz"
        if path.exists():
            continue
        arrays = look_at(case, segmenter, budget, args.prompt)
        with atomic_path(path, overwrite=True) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)
        said = json.loads(arrays["about"].tobytes())
        costs = said["encode_calls"], round(said["encode_seconds"], 1)
        print(case.dataset, case.case_id, len(said["questions"]), *costs, flush=True)


if __name__ == "__main__":
    main()
