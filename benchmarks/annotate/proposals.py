"""How well objects are found by their name alone, from few cases: the layer that Improve fits, and the box around its guess.

    python -m benchmarks.annotate.proposals DATA... [--meta FILE] [--cases 3,5,10]

prints the table of docs/annotate-learning.md. The first so many cases, in a seeded order, are learned from; the cases behind
the largest number are asked about, the same ones for all numbers. The model is the base, so that boxes are answered as without
Improve.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from samaritan.annotate.engine.requests import CaseQuestion, ImageRef
from samaritan.annotate.learn.answer import answer_case, without_crumbs
from samaritan.annotate.learn.job import label_order
from samaritan.annotate.learn.proposer import Proposer, features_of
from samaritan.annotate.learn.teach import look_at, targets
from samaritan.annotate.learn.uncertainty import dice
from samaritan.datasets import Case, Dataset, open_datasets
from samaritan.loading import load_segmenter
from samaritan.models._sam import SamSegmenter
from samaritan.predict import default_cache
from samaritan.predict.volume import VolumePredictor

HEAD = "| data | learned from | asked about | guess, Dice | box around it, Dice | guess on what was left out, Dice | seconds |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--meta", type=Path)
    parser.add_argument("--model", default="litemedsam")
    parser.add_argument("--cases", default="3,5,10")
    arguments = parser.parse_args()
    numbers = sorted(int(text) for text in arguments.cases.split(","))
    segmenter = load_segmenter(arguments.model, None).segmenter
    if not isinstance(segmenter, SamSegmenter):
        raise SystemExit(f"{arguments.model} is not of the SAM family.")
    print(HEAD, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |", sep="\n")
    for dataset in open_datasets(arguments.data, arguments.meta):
        order = np.random.default_rng(0).permutation(len(dataset.cases))
        cases = [dataset.cases[n] for n in order]
        for number in numbers:
            print(line(dataset, cases[:number], cases[numbers[-1] :], segmenter), flush=True)


def line(dataset: Dataset, learned: Sequence[Case], asked: Sequence[Case], segmenter: SamSegmenter) -> str:
    labels, cache = label_order(dataset.cases), default_cache()
    look_at(segmenter, learned, labels, cache=cache)  # afterwards all embeddings are there
    started = time.perf_counter()
    shown = look_at(segmenter, learned, labels, cache=cache)
    proposer = Proposer.fit(labels, [one for pictures in shown.values() for one in pictures])
    seconds = time.perf_counter() - started
    guesses, boxes = zip(*(scores(case, proposer, segmenter) for case in asked), strict=True)
    found = np.nanmean(list(proposer.found.values()))
    return (
        f"| {dataset.name} | {len(learned)} | {len(asked)} | {np.mean(guesses):.2f} | {np.mean(boxes):.2f} | {found:.2f} | "
        f"{seconds:.1f} |"
    )


def scores(case: Case, proposer: Proposer, segmenter: SamSegmenter) -> tuple[float, float]:
    """Mean Dice over targets of a case: of the guess, and of the answer to the box around it."""
    wanted = dict(targets(case))
    predictor = VolumePredictor(
        segmenter, case.read_image(), modality=case.modality, intensity=case.intensity, cache=default_cache()
    )
    view, guesses = predictor.view, {name: np.zeros_like(mask) for name, mask in wanted.items()}
    for index in range(view.count):
        told = proposer.masks(features_of(predictor.embedding(index).features["image"]), segmenter.frame, view.shape)
        for name, guess in guesses.items():
            view.insert(guess, index, told[name])
    question = CaseQuestion(ImageRef(case.case_id, case.sources[0]), tuple(wanted), 1)
    answer = answer_case(predictor, question, {}, proposer=proposer)
    first = [dice(without_crumbs(guesses[name]), mask) for name, mask in wanted.items()]
    return float(np.mean(first)), float(np.mean([dice(answer.masks[name], mask) for name, mask in wanted.items()]))


if __name__ == "__main__":
    main()
