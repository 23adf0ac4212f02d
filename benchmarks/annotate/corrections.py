"""Corrective clicks and a model of boxes: what the annotator answers, against giving the clicks to the model.

    python -m benchmarks.annotate.corrections DATA... [--cases 4] [--targets 3] [--clicks 3] [--meta FILE] [--write]

DATA are data sets as ``samaritan benchmark`` takes them. Of every case the largest component of a target, on the slice that
shows most of it, is asked for twice: with a box that is 5 % too wide on each side, and with one click at a random place well
inside. Then a person clicks in the middle of the widest error, again and again. Prints mean Dice over targets after each act,
and how often the last click was not obeyed: for the model asked with box and clicks, for the model asked with the box around
its last mask and clicks, and for the annotator (:mod:`samaritan.annotate.engine.corrections`). With ``--write`` the table
becomes docs/annotate-corrections.md.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.answers import answer_slice
from samaritan.annotate.engine.corrections import dice, wrong
from samaritan.annotate.engine.requests import ImageRef, SliceQuestion
from samaritan.core import PromptSet
from samaritan.datasets import REFERENCE, Case, open_datasets
from samaritan.models import load_model
from samaritan.predict import VolumePredictor
from samaritan.predict._patch import Patch
from samaritan.predict.session import correction as boxed
from samaritan.prompts import make_prompt
from samaritan.prompts._region import components, depths, positives
from samaritan.prompts.clicks import correction

Mask = NDArray[np.bool_]
Answer = Callable[[VolumePredictor, SliceQuestion], Mask]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "annotate-corrections.md"

#: Smallest targets, in pixels.
SMALLEST = 30

HEAD = """# Corrective clicks, and a model of boxes

LiteMedSAM was trained with boxes. Given corrective clicks beside its box it gets worse with every click, and does not obey
them. The annotator changes the mask itself where it is wrong about a click
([engine/corrections.py](../src/samaritan/annotate/engine/corrections.py)). Mean Dice of {count} targets of {sets} data sets
after the first act (a box 5 % too wide, or one click well inside) and after each corrective click in the middle of the widest
error; "not obeyed" is the share of corrective clicks that the next mask was wrong about. Printed by

<!-- not run: public data sets, and minutes -->
```bash
{command}
```

"""


def annotator(predictor: VolumePredictor, question: SliceQuestion) -> Mask:
    return answer_slice(predictor, replace(question, several=False)).masks[0]


def model(predictor: VolumePredictor, question: SliceQuestion) -> Mask:
    return predictor.decode(question.index, [question.prompts])[0].logits[0] > 0


def model_around(predictor: VolumePredictor, question: SliceQuestion) -> Mask:
    prompts, current = replace(question.prompts, box=None), question.current
    if current is not None and prompts.points is not None:
        question = replace(question, prompts=boxed(prompts, Patch.of_mask(current)))
    return model(predictor, question)


WAYS: dict[str, Answer] = {
    "the model, box and clicks": model,
    "the model, box around the last mask and clicks": model_around,
    "the annotator": annotator,
}


def targets(case: Case, predictor: VolumePredictor, most: int, rng: np.random.Generator) -> Iterator[tuple[int, Mask]]:
    """Slice and (x, y) component."""
    labels = case.read_references[REFERENCE]()
    for label in rng.permutation(labels.labels())[:most]:
        mask = labels.data == label
        index = max(range(predictor.view.count), key=lambda k: int(predictor.view.slice(mask, k).sum()))
        corner, part = next(components(predictor.view.slice(mask, index), 1))
        if part.sum() >= SMALLEST:
            whole = np.zeros(predictor.view.shape, bool)
            x, y = corner.astype(int)
            whole[x : x + part.shape[0], y : y + part.shape[1]] = part
            yield index, whole


def course(
    predictor: VolumePredictor, question: SliceQuestion, mask: Mask, ref: Mask, way: Answer, *, clicks: int
) -> tuple[list[float], float]:
    """Dice of the first ``mask`` and after each click, and the share of clicks that were not obeyed."""
    rng, missed = np.random.default_rng(0), 0
    found = [dice(mask, ref)]
    for _ in range(clicks):
        prompts = correction(ref, mask, None, question.prompts, rng)
        if prompts is None or prompts.points is None:
            found.append(1.0)
            continue
        question = replace(question, prompts=prompts, current=mask)
        mask = way(predictor, question)
        missed += bool(wrong(mask, prompts.points)[-1])
        found.append(dice(mask, ref))
    return found, missed / clicks


def well_inside(ref: Mask, rng: np.random.Generator) -> PromptSet:
    deep = depths(ref)
    return PromptSet(points=positives(rng.permutation(np.argwhere(deep >= deep.max() / 2))[:1].astype(float)))


def table(rows: dict[tuple[str, str], list[tuple[list[float], float]]], clicks: int) -> str:
    lines = [
        "| first act | then | first answer |"
        + "".join(f" click {n} |" for n in range(1, clicks + 1))
        + " not obeyed |",
        "| --- | --- |" + " ---: |" * (clicks + 2),
    ]
    for (first, way), found in rows.items():
        means = np.mean([dices for dices, _ in found], axis=0)
        missed = float(np.mean([share for _, share in found]))
        lines.append(
            f"| {first} | {way} | " + " | ".join(f"{value:.2f}" for value in means) + f" | {100 * missed:.0f} % |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--meta", type=Path)
    parser.add_argument("--model", default="litemedsam")
    parser.add_argument("--cases", type=int, default=4)
    parser.add_argument("--targets", type=int, default=3)
    parser.add_argument("--clicks", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    rng, segmenter, rows, sets = np.random.default_rng(args.seed), load_model(args.model), defaultdict(list), 0
    wide = make_prompt("box:margin=0.05")
    for dataset in open_datasets(args.data, args.meta):
        sets += 1
        for number in np.unique(np.linspace(0, len(dataset.cases) - 1, args.cases).astype(int)):
            case = dataset.cases[number]
            predictor = VolumePredictor(segmenter, case.read_image(), modality=case.modality, intensity=case.intensity)
            for index, ref in targets(case, predictor, args.targets, rng):
                begin = {"box": wide.first(ref, rng)[0], "click": well_inside(ref, rng)}
                for first, prompts in begin.items():
                    question = SliceQuestion(ImageRef("case", Path("case")), predictor.view.plane, index, prompts)
                    mask = annotator(predictor, question)
                    for name, way in WAYS.items():
                        rows[first, name].append(course(predictor, question, mask, ref, way, clicks=args.clicks))
        print(f"{dataset.name}\n{table(rows, args.clicks)}", file=sys.stderr, flush=True)
    text = table(rows, args.clicks)
    print(text)
    if args.write:
        named = [Path(name).name if Path(name).exists() else name for name in args.data]
        named += ["--meta", str(args.meta)] if args.meta else []
        command = " ".join(["python -m benchmarks.annotate.corrections", *named, f"--cases {args.cases}",
                            f"--targets {args.targets}", f"--clicks {args.clicks}", "--write"])  # fmt: skip
        count = len(next(iter(rows.values())))
        PAGE.write_text(HEAD.format(command=command, count=count, sets=sets) + text, encoding="utf-8")


if __name__ == "__main__":
    main()
