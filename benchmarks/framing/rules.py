"""Rules that choose or fuse what benchmarks/framing/looks.py stored, tried on every data set.

Usage: python benchmarks/framing/rules.py FOLDER [--json FILE]

Rules see the model's answers and the box, never the reference. What a rule leaves open (a bias, a sharpness, weights) is
chosen on every second data set in alphabetical order ("choose": the first, third, ...) and reported on both halves; the
weights of the fitted rules are always those of the other half. Prints the mean Dice of every rule over the data sets of each
half, and writes it set by set with what it cost; and how far the stored answers of ``auto`` are from the rule of that name.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from _questions import LOOKS, Mask, Question, by_set, dice, read
from numpy.typing import NDArray

from samaritan.predict.framing.auto import SHARPNESS, fused

#: What a rule answers: a mask, and the framings that it had to look at.
Answer = tuple[Mask, tuple[str, ...]]
Scores = Callable[[Question, list[int]], NDArray[np.float64]]

TILES = "tiles:2"

#: Bounds of the groups by size: longer side of the box, in longer sides of the picture.
SHARES = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0)


@dataclass(frozen=True)
class Rule:
    """One way to a mask.

    Attributes:
        name: for the table.
        answer: the mask and what was looked at.
        setting: what was chosen on the half "choose", or "".
    """

    name: str
    answer: Callable[[Question], Answer]
    setting: str = ""


def alone(framing: str, q: Question) -> Answer:
    """One framing; the whole picture where it was not stored (tiles of small pictures)."""
    name = framing if framing in q.framings else "whole"
    return q.masks[q.framings.index(name)], (name,)


def oracle(q: Question) -> Answer:
    """The look that the reference likes best."""
    looks = q.looks()
    return q.masks[looks[int(np.argmax(q.dice[looks]))]], LOOKS


def best(scores: Scores, names: Sequence[str], q: Question) -> Answer:
    """The look with the highest score."""
    looks = q.looks(names)
    return q.masks[looks[int(np.argmax(scores(q, looks)))]], tuple(names)


def blend(scores: Scores, sharpness: float, names: Sequence[str], q: Question) -> Answer:
    """Probabilities averaged with weights exp(sharpness * score)."""
    looks = q.looks(names)
    found = scores(q, looks)
    weights = np.exp(sharpness * (found - found.max()))
    probability = np.tensordot(weights / weights.sum(), 1 / (1 + np.exp(-q.logits[looks])), 1)
    return probability > 0.5, tuple(names)


def biased(bias: float, q: Question) -> Answer:
    """The best estimate, where the whole picture is given ``bias`` more."""
    return best(lambda _, looks: q.quality[looks] + bias * (np.array(looks) == 0), LOOKS, q)


def by_size(share: float, q: Question) -> Answer:
    """A square of two sides about targets smaller than ``share`` of the picture."""
    return alone("zoom:2" if q.share < share else "whole", q)


def shipped(names: Sequence[str], q: Question) -> Answer:
    """What samaritan.predict.framing.auto does."""
    looks = q.looks(names)
    logits, _ = fused(q.logits[looks][:, None], q.quality[looks][:, None].astype(np.float32), q.corners)
    return logits[0] > 0, tuple(names)


def thrifty(least: float, q: Question) -> Answer:
    """As shipped, but no squares where the whole picture's mask has this estimate and fills the box as well."""
    return alone("whole", q) if min(q.quality[0], q.fit[0]) >= least else shipped(LOOKS, q)


def estimate(q: Question, looks: list[int]) -> NDArray[np.float64]:
    """The model's estimate of IoU."""
    return q.quality[looks]


def fit(q: Question, looks: list[int]) -> NDArray[np.float64]:
    """How well the mask fills the box."""
    return q.fit[looks]


def agree(q: Question, looks: list[int]) -> NDArray[np.float64]:
    """How well the look agrees with the others."""
    return q.agreement(looks)


def total(*parts: Scores) -> Scores:
    """Sum of scores."""
    return lambda q, looks: np.sum([part(q, looks) for part in parts], axis=0)


def features(q: Question, looks: list[int]) -> NDArray[np.float64]:
    """(look, feature) for the fitted rule."""
    ones = np.ones(len(looks))
    size = np.log(q.share) * ones
    kinds = [np.array([float(q.framings[n] == name) for n in looks]) for name in LOOKS[1:]]
    signals = [q.quality[looks], q.fit[looks], q.agreement(looks), q.stability[looks], size]
    return np.stack([ones, *signals, *kinds, *(kind * size for kind in kinds)], axis=1)


def fitted(questions: Sequence[Question]) -> NDArray[np.float64]:
    """Weights of a ridge regression of Dice on :func:`features`, every data set counting alike."""
    counts = {name: sum(q.dataset == name for q in questions) for name in {q.dataset for q in questions}}
    rows = np.concatenate([features(q, q.looks()) for q in questions])
    values = np.concatenate([q.dice[q.looks()] for q in questions])
    weights = np.concatenate([np.full(len(q.looks()), 1 / counts[q.dataset] / len(q.looks())) for q in questions])
    penalty = 1e-2 * len(counts) * np.diag([0.0, *np.ones(rows.shape[1] - 1)])
    return np.asarray(np.linalg.solve(rows.T @ (rows * weights[:, None]) + penalty, rows.T @ (values * weights)))


def mean(questions: Sequence[Question], rule: Rule) -> float:
    """Mean Dice over data sets."""
    return float(np.mean(list(by_set(questions, lambda q: dice(rule.answer(q)[0], q.ref)).values())))


def chosen(questions: Sequence[Question], name: str, make: Callable[[float], Callable[[Question], Answer]],
           values: Iterable[float], word: str) -> Rule:  # fmt: skip
    """The rule with the value that does best on these questions."""
    rules = [Rule(name, make(value), f"{word} {value:g}") for value in values]
    return max(rules, key=lambda rule: mean(questions, rule))


def rules(halves: dict[str, list[Question]]) -> list[Rule]:
    """Every rule that is tried, in the order of the table."""
    here = halves["choose"]
    weights = {"choose": fitted(halves["report"]), "report": fitted(here)}
    half = {q.dataset: name for name, questions in halves.items() for q in questions}

    def foreign(q: Question, looks: list[int]) -> NDArray[np.float64]:
        return np.asarray(features(q, looks) @ weights[half[q.dataset]])

    sharpnesses, three = (4.0, 8.0, 16.0, 32.0), LOOKS[:3]
    blends = {
        "estimate": estimate, "fit": fit, "agreement": agree, "estimate + fit": total(estimate, fit),
        "estimate + agreement": total(estimate, agree), "estimate + fit + agreement": total(estimate, fit, agree),
        "fitted Dice": foreign,
    }  # fmt: skip
    found = [Rule(name, partial(alone, name)) for name in (*LOOKS, TILES)]
    found += [
        chosen(here, "zoom:2 for small targets", lambda t: partial(by_size, t), (0.1, 0.2, 0.3, 0.5), "below"),
        Rule("best estimate of whole, zoom:1.3", partial(best, estimate, LOOKS[:2])),
        Rule("best estimate of whole, zoom:2", partial(best, estimate, (LOOKS[0], LOOKS[2]))),
        Rule("best estimate of whole, zoom:1.3, zoom:2", partial(best, estimate, three)),
        Rule("best estimate without squares along", partial(best, estimate, LOOKS[:4])),
        Rule("best estimate", partial(best, estimate, LOOKS)),
        Rule("best estimate, tiles too", partial(best, estimate, (*LOOKS, TILES))),
        chosen(here, "best estimate, biased for whole", lambda b: partial(biased, b), (-0.05, -0.02, 0.02, 0.05), "by"),
    ]  # fmt: skip
    found += [Rule(f"best {name}", partial(best, score, LOOKS)) for name, score in blends.items() if name != "estimate"]
    found += [
        Rule("mean of whole, zoom:1.3, zoom:2", partial(blend, lambda _, looks: np.zeros(len(looks)), 1.0, three)),
        Rule("mean of all", partial(blend, lambda _, looks: np.zeros(len(looks)), 1.0, LOOKS)),
    ]
    found += [
        chosen(here, f"mean by {name}", lambda k, s=score: partial(blend, s, k, LOOKS), sharpnesses, "sharpness")
        for name, score in blends.items()
    ]
    found += [
        Rule(f"auto with sharpness {k:g}", partial(blend, blends["estimate + fit + agreement"], k, LOOKS))
        for k in (4, 16)
    ]
    found += [Rule(f"auto, whole where {t:g}", partial(thrifty, t)) for t in (0.95, 0.9)]
    return [
        *found,
        Rule("auto:2", partial(shipped, (LOOKS[0], LOOKS[2], LOOKS[4]))),
        Rule("auto without squares along", partial(shipped, LOOKS[:4])),
        Rule("auto", partial(shipped, LOOKS), f"sharpness {SHARPNESS:g}"),
        Rule("oracle", oracle),
    ]


def cost(questions: Sequence[Question], rule: Rule) -> float:
    """Encodings per question, mean over data sets; a part of a picture that several questions look at is encoded once."""
    found = []
    for name in sorted({q.dataset for q in questions}):
        here = [q for q in questions if q.dataset == name]
        parts = {
            (q.picture, window) for q in here for n in rule.answer(q)[1] if n in q.windows for window in q.windows[n]
        }
        found.append(len(parts) / len(here))
    return float(np.mean(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    questions = list(read(args.folder))
    names = sorted({q.dataset for q in questions})
    halves = {
        half: [q for q in questions if names.index(q.dataset) % 2 == n] for n, half in enumerate(("choose", "report"))
    }
    lines = []
    for rule in rules(halves):
        scores = by_set(questions, lambda q, rule=rule: dice(rule.answer(q)[0], q.ref))  # type: ignore[misc]
        means = {half: float(np.mean([scores[n] for n in {q.dataset for q in halves[half]}])) for half in halves}
        line = {
            "rule": rule.name, "setting": rule.setting, "encodings": round(cost(questions, rule), 2),
            "mean": round(float(np.mean(list(scores.values()))), 4),
            **{half: round(value, 4) for half, value in means.items()},
            "sets": {name: round(scores[name], 3) for name in names},
        }  # fmt: skip
        lines.append(line)
        print(f"{rule.name:45s} {rule.setting:14s}", *(line[key] for key in ("encodings", "mean", "choose", "report")))
    stored = [(q, "auto") for q in questions if "auto" in q.framings]
    apart = [abs(q.dice[q.framings.index(name)] - dice(shipped(LOOKS, q)[0], q.ref)) for q, name in stored]
    print(f"auto as stored against its rule: {len(apart)} questions, Dice apart by at most {max(apart, default=0):.5f}")
    about = {
        name: {
            "half": ("choose", "report")[n % 2],
            "cases": len({q.picture[0] for q in questions if q.dataset == name}),
            "questions": sum(q.dataset == name for q in questions),
            "share": round(float(np.median([q.share for q in questions if q.dataset == name])), 2),
            "side": round(float(np.median([q.side for q in questions if q.dataset == name]))),
            "one pixel off": round(by_set([q for q in questions if q.dataset == name], moved)[name], 3),
        }
        for n, name in enumerate(names)
    }
    if args.json:
        args.json.write_text(
            json.dumps({"sets": about, "rules": lines, "sizes": by_share(questions)}, indent=1) + "\n", encoding="utf-8"
        )


def by_share(questions: Sequence[Question]) -> list[dict[str, float]]:
    """Mean Dice over questions by the size of the box in its picture."""
    found = []
    for low, high in pairwise(SHARES):
        here = [q for q in questions if low < q.share <= high]
        if not here:
            continue
        scores = [[*(q.dice[q.framings.index(n)] for n in LOOKS[:4]), dice(shipped(LOOKS, q)[0], q.ref)] for q in here]
        means = dict(zip((*LOOKS[:4], "auto"), np.mean(scores, axis=0).round(3).tolist(), strict=True))
        found.append({"above": low, "to": high, "questions": len(here), **means})
    return found


def moved(q: Question) -> float:
    """Dice of zoom:1.3 when its answer is pasted one pixel too far to the right: what a careless paste costs."""
    return dice(np.roll(q.masks[q.framings.index("zoom:1.3")], 1, axis=0), q.ref)


if __name__ == "__main__":
    main()
