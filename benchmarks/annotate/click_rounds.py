"""How often answers to a click shall be asked again by their own box: 0, 1 and 2 rounds, target by target.

    python -m benchmarks.annotate.click_rounds DATA... [--meta FILE] [--cases 4] [--targets 3] [--seed 0] [--write]

Targets and clicks are those of :mod:`benchmarks.annotate.clicks`. Prints mean Dice over targets, the paired difference to one
round with a 95 % interval (targets of a data set are drawn together), prompts, and the median time as a ratio in the same run.
With ``--write`` that becomes docs/annotate-click-rounds.md.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.annotate.clicks import _dice, _inside, _targets
from samaritan.annotate.engine import clicks
from samaritan.annotate.engine.answers import answer_slice
from samaritan.annotate.engine.requests import ImageRef, SliceQuestion
from samaritan.core import Points, PromptSet
from samaritan.datasets import open_datasets
from samaritan.models import load_model
from samaritan.predict import VolumePredictor

PAGE = Path(__file__).resolve().parents[2] / "docs" / "annotate-click-rounds.md"

ROUNDS = (0, 1, 2)

HEAD = """# One click: how often to ask again

The annotator answers a click by asking the model for squares around it, and asks again for the boxes of the best answers
([one click](annotate-clicks.md)). Every round costs four prompts. First answers on the same targets and clicks, by

<!-- not run: public data sets, and minutes -->
```bash
{command}
```

{table}

Times are medians, as a ratio in this run, of slices that were encoded. Where the interval holds 0, no difference is shown;
the annotator asks once, so that its order of candidates rests on answers that repeat, at the price of one round.
"""

#: Draws of the bootstrap.
DRAWS = 2000

Found = dict[str, list[list[tuple[float, float]]]]


def measure(asked: argparse.Namespace) -> Found:
    """Data set -> targets -> (Dice, seconds) for each number of rounds."""
    segmenter, found = load_model(asked.model), defaultdict(list)
    for dataset in open_datasets(asked.data, meta=asked.meta):
        chance = np.random.default_rng(asked.seed)
        for case in dataset.cases[: asked.cases]:
            predictor = VolumePredictor(segmenter, case.read_image())
            for index, target in _targets(case, predictor, asked.targets):
                predictor.embed(index)
                click = PromptSet(points=Points([_inside(target, chance)], [1]))
                question = SliceQuestion(ImageRef("case", Path()), predictor.view.plane, index, click, several=False)
                row = []
                for clicks.ROUNDS in ROUNDS:
                    began = time.perf_counter()
                    answer = answer_slice(predictor, question)
                    row.append((_dice(answer.masks[0], target), time.perf_counter() - began))
                found[dataset.name].append(row)
        print(dataset.name, len(found[dataset.name]), flush=True)
    return found


def table(found: Found) -> str:
    """Markdown."""
    sets = [np.array(rows) for rows in found.values() if rows]
    whole, chance = np.concatenate(sets), np.random.default_rng(0)
    base = ROUNDS.index(1)
    lines = [
        f"{len(whole)} targets of {len(sets)} data sets\n",
        "| rounds | prompts | Dice | minus one round | time |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    draws = [chance.integers(0, len(sets), len(sets)) for _ in range(DRAWS)]
    for column, rounds in enumerate(ROUNDS):
        differences = [rows[:, column, 0] - rows[:, base, 0] for rows in sets]
        means = [np.concatenate([differences[one] for one in draw]).mean() for draw in draws]
        low, high = np.percentile(means, (2.5, 97.5))
        gain = "" if column == base else f"{np.concatenate(differences).mean():+.3f} [{low:+.3f}, {high:+.3f}]"
        ratio = np.median(whole[:, column, 1]) / np.median(whole[:, base, 1])
        prompts = len(clicks.REACHES) + rounds * clicks.FOLLOWED
        lines.append(f"| {rounds} | {prompts} | {whole[:, column, 0].mean():.3f} | {gain} | {ratio:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--meta", type=Path)
    parser.add_argument("--cases", type=int, default=4)
    parser.add_argument("--targets", type=int, default=3)
    parser.add_argument("-m", "--model", default="litemedsam")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    made = table(measure(chosen))
    print(made)
    if chosen.write:
        names = " ".join(Path(name).name if Path(name).is_dir() else name for name in chosen.data)
        meta = f" --meta {chosen.meta}" if chosen.meta else ""
        options = f"--cases {chosen.cases} --targets {chosen.targets} -m {chosen.model} --seed {chosen.seed} --write"
        command = f"python -m benchmarks.annotate.click_rounds {names}{meta} {options}"
        PAGE.write_text(HEAD.format(command=command, table=made), encoding="utf-8")
