"""The tables of a bake-off as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from samaritan.bakeoff._command import command
from samaritan.bakeoff._lines import SIMPLEST, Line, PromptTable
from samaritan.bakeoff._raters import SCORES, summarise_raters
from samaritan.bakeoff._words import COSTS, before_after, corrected_p, gain, is_better, paired_words, score
from samaritan.bakeoff.collect import Bakeoff, csv_text, read_bakeoff
from samaritan.benchmark._markdown import plain_text, table_row
from samaritan.benchmark.report._numbers import NOTHING, p_value, plural
from samaritan.benchmark.report._provenance import Provenance
from samaritan.core import write_text


def write_markdown(folder: Path, out: Path) -> Path:
    """Write the tables of a bake-off, and the same as CSV beside them.

    The head names the command that writes them again, and no path of the machine.

    Raises:
        InputError: ``folder`` is no bake-off, or has no results yet.
        ResourceError: ``out`` cannot be written.
    """
    bakeoff = read_bakeoff(folder)
    write_text(out, "\n".join(_page(bakeoff, out)) + "\n")
    write_text(out.with_suffix(".csv"), csv_text(bakeoff))
    return out


def _page(bakeoff: Bakeoff, out: Path) -> Iterator[str]:
    yield from [f"# Adaptation methods on {plain_text(bakeoff.datasets)}", ""]
    made_by = f"`{command(bakeoff.config, bakeoff.folder, out)}`"
    yield from [f"Made by {made_by} with {bakeoff.versions}.", "", *(f"* {note}" for note in notes(bakeoff))]
    for table in bakeoff.tables:
        yield from ["", f"## Dice, asked with `{table.prompt}`", "", *_scores(table)]
        if table.few:
            yield from ["", f"### Few training patients, asked with `{table.prompt}`", "", *_few(table, bakeoff)]
    if bakeoff.judged:
        yield from ["", "## Against several raters", "", *_raters(bakeoff), *_rater_pairs(bakeoff)]
    yield from ["", "## Cost", "", *_costs(bakeoff)]
    if bakeoff.failed:
        yield from [
            "",
            "## Failed",
            "",
            *(f"* {plain_text(arm)}: {plain_text(why)}" for arm, why in bakeoff.failed.items()),
        ]


def notes(bakeoff: Bakeoff) -> Iterator[str]:
    """What a reader must know before the tables, in sentences."""
    config, patients = bakeoff.config, bakeoff.patients
    trained = ", ".join(f"`{prompt}`" for prompt in config.train.prompts)
    budget = config.train.budget_minutes
    length = f"{config.train.steps} steps" if config.train.steps else f"{budget:g} minute{'' if budget == 1 else 's'}"
    # Data that do not say whose a case is, or have one case of each patient: both must not read as more than they are.
    by = "case, each counted as a patient" if bakeoff.cases == patients else "patient"
    yield (
        f"Split by {by}: {patients['train']} train, {patients['val']} validate, {patients['test']} test, never seen. "
        f"Each method: {length}, trained with {trained}, {plural(len(config.seeds), 'seed')}."
    )
    yield (
        "Dice: mean over test patients (a patient's value is the mean over seeds), in brackets the 95 % bootstrap interval "
        "over patients. Differences are paired; p is of Wilcoxon's signed-rank test over patients, with Holm's correction over "
        "the methods of a table. **Bold** is only what was shown to be better (p < 0.05 after correction)."
    )


def _scores(table: PromptTable) -> Iterator[str]:
    rival = any(line.to_simplest for line in table.lines)
    more = [f"minus `{SIMPLEST}`", "p"] if rival else []
    heads = ["method", "Dice, before \N{RIGHTWARDS ARROW} after", "gain", "p", *more, "in words"]
    yield table_row(heads)
    yield table_row(["---", *["---:"] * (len(heads) - 2), "---"])
    yield table_row(["base, not adapted", score(table.base.dice), *[NOTHING] * (len(heads) - 3), ""])
    for line in table.lines:
        against = [_bold(line, simplest=True), corrected_p(line.to_simplest)] if rival else []
        dice = before_after(table.base, line)
        yield table_row(
            [f"`{line.label}`", f"**{dice}**" if is_better(line.to_base) else dice, _bold(line), corrected_p(line.to_base),
             *against, line.words]
        )  # fmt: skip


def _bold(line: Line, *, simplest: bool = False) -> str:
    paired = line.to_simplest if simplest else line.to_base
    return f"**{gain(paired)}**" if is_better(paired) else gain(paired)


def _few(table: PromptTable, bakeoff: Bakeoff) -> Iterator[str]:
    sizes: list[int | None] = [*dict.fromkeys(line.few for line in table.few), None]
    cells = {(line.label, line.few): score(line.dice) for line in (*table.few, *table.lines)}
    yield table_row(
        ["method", *(f"{size or bakeoff.patients['train']}" + ("" if size else " (all)") for size in sizes)]
    )
    yield table_row(["---", *["---:"] * len(sizes)])
    yield table_row(["base, not adapted", *[score(table.base.dice)] * len(sizes)])
    for label in dict.fromkeys(name for name, _ in cells):
        yield table_row([f"`{label}`", *(cells.get((label, size), NOTHING) for size in sizes)])


def _raters(bakeoff: Bakeoff) -> Iterator[str]:
    for title, better, definition in SCORES.values():
        yield f"* {title} ({better} is better): {definition}"
    heads = [title for title, _, _ in SCORES.values()]
    yield from [
        "",
        table_row(["method", "prompt", "answers", *heads]),
        table_row(["---", "---", *["---:"] * (len(SCORES) + 1)]),
    ]
    for entry in bakeoff.judged:
        for prompt in dict.fromkeys(one.prompt for one in entry.raters):
            own = [one for one in entry.raters if one.prompt == prompt]
            summaries = [score(summarise_raters(own, name, seed=bakeoff.config.score.seed)) for name in SCORES]
            yield table_row([f"`{entry.label}`", f"`{prompt}`", str(own[0].samples), *summaries])


def _rater_pairs(bakeoff: Bakeoff) -> Iterator[str]:
    """GED of methods that draw against methods that do not; bold is shown to be lower."""
    if pairs := bakeoff.rater_pairs:
        yield from [
            "",
            "GED of methods that draw several answers, minus that of what gives one (paired over patients):",
            "",
        ]
        yield table_row(["method", "minus", "prompt", "difference of GED", "p (Holm)"])
        yield table_row(["---", "---", "---", "---:", "---:"])
    for one in pairs:
        said = paired_words(one.difference, one.low, one.high)
        shown = f"**{said}**" if one.p_holm < 0.05 and one.difference < 0 else said
        yield table_row([f"`{one.a}`", f"`{one.b}`", f"`{one.prompt}`", shown, p_value(one.p_holm)])


def _costs(bakeoff: Bakeoff) -> Iterable[str]:
    table = bakeoff.tables[0]
    yield f"Measured on {Provenance.of(bakeoff.base_run).machine}."
    yield from ["", table_row(["method", *(title for title, _ in COSTS)]), table_row(["---", *["---:"] * len(COSTS)])]
    for line in (table.base, *table.lines):
        yield table_row([f"`{line.label}`", *(cell(line.cost) for _, cell in COSTS)])
