"""The report of a simulation: tables in Markdown, and a plot."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from samaritan.annotate.learn.simulate._config import CONDITIONS, SimulationConfig
from samaritan.annotate.learn.simulate._plot import draw
from samaritan.annotate.learn.simulate._tally import (
    BOX_SECONDS,
    CLICK_SECONDS,
    LOOK_SECONDS,
    MINUS,
    NOTHING,
    Rows,
    interactions,
    per_case,
    person_seconds,
    rank_correlation,
    saved,
)
from samaritan.core import InputError, write_text

#: Data set -> label of a condition -> rows.
Table = Mapping[str, Mapping[str, Rows]]

BASE = CONDITIONS[0].label


def write_report(folder: Path) -> str:
    """Write ``report.md`` and ``plot.png`` from the rows of a run; also of one that was cut short.

    Returns:
        The Markdown.

    Raises:
        InputError: the folder holds no rows.
    """
    config = SimulationConfig.read(folder / "config.yaml")
    rows, trainings = _grouped(folder / "rows.jsonl"), _grouped(folder / "trainings.jsonl")
    if not rows:
        raise InputError(f"{folder} holds no rows of a simulation; give the folder that --simulate wrote.")
    text = "\n".join(
        [*_head(config), *_main(rows), *_savings(rows), *_seconds(rows, trainings, config), *_learned(rows, trainings)]
    )
    draw(rows, folder / "plot.png")
    write_text(folder / "report.md", text + "\n")
    return text


def _grouped(path: Path) -> dict[str, dict[str, list[dict[str, Any]]]]:
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found[row["dataset"]][row["condition"]].append(row)
    return found


def _head(config: SimulationConfig) -> list[str]:
    first = "a tight box around the object" if config.first == "box" else "a click where the object is deepest"
    return [
        f"A simulated annotator with {config.model}. The first act is {first}, then clicks where the mask is most wrong, "
        f"until Dice {config.goal:g} or {config.patience} interactions; an object that stays below is drawn by hand. A "
        f"proposal of Dice {config.usable:g} or more is corrected by clicks, a worse one is thrown away. A training of "
        f"{config.steps} steps ({config.method}) after every {config.every} accepted cases{_most(config)}; the new model is "
        "kept where its validation Dice is not lower by more than 0.01. Means over patients, in brackets 95 % bootstrap "
        "intervals over patients.",
        "",
    ]  # fmt: skip


def _most(config: SimulationConfig) -> str:
    if config.rounds is None:
        return ""
    return ", once" if config.rounds == 1 else f", {config.rounds} times at most"


def _main(rows: Table) -> list[str]:
    lines = [
        "| data | cases, objects | condition | interactions for a case | proposals accepted as they are | drawn by hand |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for dataset, conditions in rows.items():
        for label, own in conditions.items():
            asked = [row for row in own if row["proposed"] is not None]
            free = f"{sum(not row['interactions'] for row in asked)} of {len(asked)}" if asked else NOTHING
            lines.append(
                f"| {dataset} | {len(per_case(own))}, {len(own)} | {label} | {interactions(own).text()} | {free} | "
                f"{sum(row['by_hand'] for row in own)} |"
            )
    return [*lines, ""]


def _savings(rows: Table) -> list[str]:
    """Paired differences."""
    lines = ["| data | compared | interactions saved for a case | in words |", "| --- | --- | ---: | --- |"]
    pairs = [(BASE, one.label) for one in CONDITIONS[1:]] + [(CONDITIONS[1].label, CONDITIONS[2].label)]
    for dataset, conditions in rows.items():
        for before, after in pairs:
            if before in conditions and after in conditions:
                found = saved(conditions[before], conditions[after])
                words = "saves" if found.low > 0 else "costs" if found.high < 0 else "not shown"
                lines.append(f"| {dataset} | {after}, instead of {before} | {found.text(signed=True)} | {words} |")
    return [*lines, ""]


def _seconds(rows: Table, trainings: Table, config: SimulationConfig) -> list[str]:
    act = f"{BOX_SECONDS:g} s for a box, {CLICK_SECONDS:g} s for a click"
    lines = [
        "Seconds. The model's are measured, under whatever load the machine had; trainings and proposals run while the "
        f"person works. The person's are a guess that nobody timed: {LOOK_SECONDS:g} s to look at an object, {act}; drawing "
        "by hand is not in it.",
        "",
        "| data | condition | model, answers for a case | training | proposals for a case | person for a case, guessed |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    for dataset, conditions in rows.items():
        for label, own in conditions.items():
            seconds = np.mean(list(per_case(own, "seconds").values()))
            done = trainings.get(dataset, {}).get(label, [])
            training = f"{np.mean([one['seconds'] for one in done]):.0f} s" if done else NOTHING
            kept = [one for one in done if one["kept"]]
            asked = sum(len(per_case(own)) - one["accepted"] for one in kept)
            proposing = f"{sum(one['proposing'] for one in kept) / asked:.1f} s" if asked else NOTHING
            person = person_seconds(own, config.first)
            lines.append(f"| {dataset} | {label} | {seconds:.1f} s | {training} | {proposing} | {person:.0f} s |")
    return [*lines, ""]


def _learned(rows: Table, trainings: Table) -> list[str]:
    """Validation Dice over the trainings, and what uncertainty is worth."""
    lines = [
        "| data | condition | trainings kept | Dice with a box, before the first and after the last | own proposals, last | "
        "uncertainty against error of the proposal, Spearman |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for dataset, conditions in trainings.items():
        for label, done in conditions.items():
            own = rows[dataset][label]
            kept = f"{sum(one['kept'] for one in done)} of {len(done)}"
            apart = f"{done[0]['before']:.2f} → {done[-1]['after']:.2f} ({done[-1]['validation']} kept apart)"
            lines.append(f"| {dataset} | {label} | {kept} | {apart} | {done[-1]['alone']:.2f} | {_worth(own)} |")
    return lines


def _worth(rows: Rows) -> str:
    cases: dict[str, list[float]] = defaultdict(list)
    known: dict[str, float] = {}
    for row in rows:
        if row["uncertainty"] is not None:
            cases[row["case"]].append(1 - (row["proposed"] or 0.0))
            known[row["case"]] = row["uncertainty"]
    value = rank_correlation([known[case] for case in cases], [float(np.mean(found)) for found in cases.values()])
    return f"{value:+.2f} ({len(cases)} cases)".replace("-", MINUS) if np.isfinite(value) else NOTHING
