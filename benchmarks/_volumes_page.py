"""The page that volumes.py writes: tables from run folders, and the notes of people who looked at the masks."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from samaritan.benchmark._markdown import VERSIONS, plain_text, table_row
from samaritan.benchmark._row import Row
from samaritan.benchmark.report._run import Run
from samaritan.benchmark.report._volumes import NEAR, open_chains, reason
from samaritan.benchmark.statistics import summarise
from samaritan.core import write_text

#: Slices from the nearest prompted one that the table of distances shows.
DISTANCES = (0, 1, 2, 3, 4, 6, 8, 12, 16)

#: Chains of these prompts are free to end where they like.
FREE = ("centre-box",)

WORDS = {
    "centre-box": "one box, largest slice",
    "boxes-every:5": "box on every fifth slice",
    "boxes-every:1": "box on every slice (ceiling)",
}

NOTHING = "-"


def write_page(folder: Path, names: Sequence[str], notes: Path, out: Path) -> None:
    """Write the page from what ``folder`` holds of the data sets ``names``, in their order."""
    found = {name: [Run.read(path.parent) for path in sorted(folder.glob(f"{name}/*/results.jsonl"))] for name in names}
    runs = {name: [row for run in of_name for row in run.rows] for name, of_name in found.items() if of_name}
    provenance = [run.provenance for of_name in found.values() for run in of_name]
    file = folder / "targets.json"
    timing = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    lines = [
        *_head(runs, provenance),
        *_ladder(runs, "dice", "Dice"),
        *_ladder(runs, "nsd", "NSD (2 mm)"),
        *_cost(runs, timing.get("encode_seconds")),
        *_distances(runs),
        *_ends(runs),
        *_others(runs),
        *(_targets(timing) if timing else ()),
        "",
        notes.read_text(encoding="utf-8").strip() if notes.is_file() else "",
    ]
    write_text(out, "\n".join(lines).rstrip() + "\n")


Runs = dict[str, list[Row]]


def _head(runs: Runs, provenance: Sequence[dict[str, Any]]) -> Iterator[str]:
    found = provenance[0]["versions"] if provenance else {}
    versions = ", ".join(f"{name} {found[name]}" for name in VERSIONS if name in found)
    yield from ["# Volumes from a few prompts", ""]
    yield f"Made by `python benchmarks/volumes.py DATA` with {versions}."
    yield ""
    yield (
        "LiteMedSAM, tight boxes without margin, `--propagate auto`; all targets of a case are asked for together. Scores are "
        "in space, against the whole reference: mean over the targets of a case, then over patients. The first cases of each "
        "data set are measured, so one number often rests on one patient: read differences between columns, not the last "
        "digit. The two whole-body sets have a model's output as their reference, and the AAL regions are parcels of an atlas, "
        "not outlines."
    )
    failed = sum(row["status"] == "failed" for rows in runs.values() for row in rows)
    if failed:
        yield from ["", f"Left out: {failed} failed measurements."]


def _of(rows: Sequence[Row], prompt: str) -> list[Row]:
    return [row for row in rows if row["prompt"] == prompt and row["level"] == "target" and row["status"] == "ok"]


def _mean(rows: Sequence[Row], metric: str) -> float | None:
    found = summarise(rows, (), metric, resamples=1)
    return found[0].mean if found and found[0].n_patients else None


def _number(value: float | None, digits: int = 2) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield table_row(head)
    yield table_row(["---", *["---:"] * (len(head) - 1)])
    for cells in rows:
        yield table_row(cells)


def _ladder(runs: Runs, metric: str, title: str) -> Iterator[str]:
    def rows() -> Iterator[Sequence[str]]:
        means: list[list[float]] = [[] for _ in WORDS]
        for name, found in runs.items():
            cells = []
            for place, prompt in enumerate(WORDS):
                value = _mean(_of(found, prompt), metric)
                cells.append(_number(value))
                means[place] += [] if value is None else [value]
            cases, targets = _size(found)
            yield [plain_text(name), cases, targets, *cells]
        yield ["**mean of the data sets**", "", "", *(_number(statistics.fmean(m) if m else None) for m in means)]

    yield from ["", f"## {title} by strategy", ""]
    yield from _table(["data set", "cases", "targets", *WORDS.values()], rows())


def _size(rows: Sequence[Row]) -> tuple[str, str]:
    ok = [row for row in rows if row["status"] == "ok"]
    return str(len({row["case_id"] for row in ok})), str(len({(row["case_id"], row["target"]) for row in ok}))


def _cost(runs: Runs, picture: float | None) -> Iterator[str]:
    def rows() -> Iterator[Sequence[str]]:
        for name, found in runs.items():
            cells = []
            for prompt in WORDS:
                own = _of(found, prompt)
                acts, calls = (_mean(own, one) for one in ("interactions", "case_calls"))
                rest = statistics.fmean(_rest(row) for row in own) if own else None
                known = rest is not None and calls is not None and picture is not None
                whole = rest + calls * picture if known else None  # type: ignore[operator]
                cells += [_number(acts, 1), _number(calls, 0), _number(whole, 0)]
            yield [plain_text(name), *cells]

    yield from ["", "## What it costs", ""]
    yield (
        "For each strategy: acts of a person per target, encoder calls per case, and seconds per case for all its targets "
        "together: decoding and following by the clock, and the encoder calls at the processor time of a picture"
        + ("" if picture is None else f" ({picture:.2f} s)")
        + ". Scoring is not in it."
    )
    yield ""
    head = [f"{words}: {one}" for words in ("one box", "every fifth", "every slice") for one in ("acts", "calls", "s")]
    yield from _table(["data set", *head], rows())


def _rest(row: Row) -> float:
    """Seconds of a case under a prompt without its encoder calls, whether or not some were read from a cache."""
    each = row["encode_seconds"] / max(row["encode_calls"], 1)
    return (row.get("case_seconds") or 0.0) - (row.get("case_calls") or 0) * each


def _distances(runs: Runs) -> Iterator[str]:
    def rows() -> Iterator[Sequence[str]]:
        for name, found in runs.items():
            lists = [row.get("dice_by_distance") or [] for row in _of(found, "centre-box")]
            cells = []
            for distance in DISTANCES:
                values = [v for one in lists if distance < len(one) and (v := one[distance]) is not None]
                cells.append(f"{statistics.fmean(values):.2f} ({len(values)})" if values else NOTHING)
            yield [plain_text(name), *cells]

    yield from ["", "## How far one box carries", ""]
    yield (
        "Dice over the slices that lie so many slices from the prompted one (on both sides), mean over the targets that have "
        "any there; in brackets their number. Slices where only the prediction shows something count as 0."
    )
    yield ""
    yield from _table(["data set", *(f"{distance}" for distance in DISTANCES)], rows())


def _ends(runs: Runs) -> Iterator[str]:
    def rows() -> Iterator[Sequence[str]]:
        for name, found in runs.items():
            chains = open_chains([row for prompt in FREE for row in _of(found, prompt)])
            if not chains:
                continue
            late = [(chain["last"] - chain["edge"]) * chain["step"] for chain in chains]
            yield [plain_text(name), str(len(chains)), *(_share(late, test) for test in SORTS), _reasons(chains, late)]

    yield from ["", "## Where propagation ended", ""]
    yield (
        "Chains of `centre-box`, two for each target. Short: more than one slice before the reference ends; beyond: more than "
        "one slice behind its end. The rules are those that stopped the short ones."
    )
    yield ""
    yield from _table(["data set", "chains", "short", "at the end", "beyond", "what stopped the short ones"], rows())


SORTS: tuple[Callable[[int], bool], ...] = (
    lambda by: by < -NEAR,
    lambda by: abs(by) <= NEAR,
    lambda by: by > NEAR,
)


def _share(late: Sequence[int], test: Callable[[int], bool]) -> str:
    return f"{100 * sum(map(test, late)) / len(late):.0f} %"


def _reasons(chains: Sequence[Any], late: Sequence[int]) -> str:
    short = Counter(reason(chain["reason"]) for chain, by in zip(chains, late, strict=True) if by < -NEAR)
    return ", ".join(f"{plain_text(words)} {times}" for words, times in short.most_common()) or NOTHING


def _others(runs: Runs) -> Iterator[str]:
    listed = dict.fromkeys(row["prompt"] for rows in runs.values() for row in rows if row["prompt"] not in WORDS)
    if not listed:
        return

    def rows() -> Iterator[Sequence[str]]:
        for name, found in runs.items():
            own = {prompt: _of(found, prompt) for prompt in listed}
            if any(own.values()):
                cells = [_number(_mean(own[prompt], "dice")) if own[prompt] else NOTHING for prompt in listed]
                clicked = [row for rows in own.values() for row in rows if row.get("interactions_by_round")]
                yield [plain_text(name), *cells, *(_number(_mean(clicked, one)) for one in ("dice_auc", "nsd_auc"))]

    yield from ["", "## Other prompts", ""]
    yield (
        "Dice after all interactions; the areas are those under Dice and NSD against interactions of the corrected prompt, "
        "divided by their range, which is the mean score on the way."
    )
    yield ""
    yield from _table(["data set", *(f"`{prompt}`" for prompt in listed), "area, Dice", "area, NSD"], rows())


def _targets(timing: dict[str, Any]) -> Iterator[str]:
    def cells(name: str, of: dict[str, Any]) -> list[str]:
        whole = of["seconds"] + of["calls"] * timing["encode_seconds"]
        return [name, str(of["calls"]), f"{of['seconds']:.1f}", f"{whole:.1f}", f"{together / whole:.1f}"]

    all_of = timing["together"]
    together = all_of["seconds"] + all_of["calls"] * timing["encode_seconds"]
    many = f"all {timing['targets']} together"
    each = statistics.fmean(of["seconds"] + of["calls"] * timing["encode_seconds"] for of in timing["alone"])
    yield from ["", f"## {timing['targets']} targets against one", ""]
    yield (
        f"{plain_text(timing['case'])}, `centre-box`: some targets alone, from the smallest to the largest, then all together, "
        f"in one process; seconds of processor time, of which a picture takes {timing['encode_seconds']:.2f} to encode. All "
        f"{timing['targets']} targets take **{together / each:.1f} times** as long as one of these on average, not "
        f"{timing['targets']} times."
    )
    yield ""
    head = ["targets", "encoder calls", "s without encoder", "s in all", "all together against this"]
    rows = [cells(plain_text(of["target"]), of) for of in timing["alone"]] + [cells(many, all_of)]
    yield from _table(head, iter(rows))
