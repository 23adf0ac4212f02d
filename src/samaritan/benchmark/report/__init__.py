"""The report of a run: one HTML file that needs nothing else, made from the files of the run folder alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from samaritan.benchmark._case import EVERY_TARGET
from samaritan.benchmark._row import Row
from samaritan.benchmark._seen import MARKS, MEANINGS, footnotes
from samaritan.benchmark.report._arms import Arms, describe
from samaritan.benchmark.report._curves import make_curves
from samaritan.benchmark.report._differences import compare_arms
from samaritan.benchmark.report._figures import Scale
from samaritan.benchmark.report._finding import Extent, find, untrained_prompts
from samaritan.benchmark.report._gallery import make_gallery
from samaritan.benchmark.report._numbers import FILTERS, count, plural
from samaritan.benchmark.report._provenance import Provenance, find_failures
from samaritan.benchmark.report._run import Run
from samaritan.benchmark.report._speed import measure_speed
from samaritan.benchmark.report._tables import (
    COLUMNS,
    Matrix,
    Table,
    group,
    make_matrices,
    make_overview,
    make_table,
    patient,
)
from samaritan.benchmark.report._volumes import make_volumes
from samaritan.benchmark.statistics import FEW_PATIENTS
from samaritan.core import write_text
from samaritan.evaluate import METRICS, policy_table
from samaritan.predict import overlay

__all__ = ["write_report"]


@dataclass(frozen=True)
class Section:
    """One data set in detail.

    Attributes:
        name: of the data set.
        anchor: its place in the page.
        modality: of its first case.
        about: its size and units in words.
        table: all its targets together.
        targets: matrices of target and prompt; empty where there is one target.
        details: (target, table) of each of several targets.
        instances: scores per object, for instance-labelled images; None elsewhere.
        objects: number of objects in it.
    """

    name: str
    anchor: str
    modality: str
    about: str
    table: Table
    targets: Sequence[Matrix]
    details: Sequence[tuple[str, Table]]
    instances: Table | None
    objects: int


def write_report(run: Path) -> Path:
    """Write ``report.html`` into a run folder.

    Args:
        run: a run folder; read are results.jsonl, config.yaml, provenance.json, previews.jsonl and gallery/*.png.

    Returns:
        The report's path.

    Raises:
        InputError: ``run`` is not a run folder.
        FormatError: a file in it is damaged.
        ResourceError: the report cannot be written.
    """
    path = Path(run) / "report.html"
    write_text(path, render(Run.read(run)))
    return path


def render(run: Run) -> str:
    """The page of a run."""
    environment = Environment(
        loader=PackageLoader("samaritan.benchmark.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    meanings = {sign: MEANINGS[kind] for kind, sign in MARKS.items()}
    environment.globals |= {"describe": describe, "scale": Scale, "metrics": METRICS, "seen_meanings": meanings}
    css = environment.get_template("report.css").render(colours=overlay)
    return environment.get_template("report.html.j2").render(
        css=Markup(css),  # noqa: S704 our own file; as text in <style> it must not be escaped
        css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii"),
        **_content(run),
    )


def _content(run: Run) -> dict[str, Any]:
    arms = Arms.of(run.rows, run.config.get("prompts") or ())
    targets = [row for row in run.rows if row["level"] == "target"]
    extent, overall, differences = (
        Extent.of(run.rows, arms, run.encode_calls),
        make_table(targets, arms),
        compare_arms(targets, arms),
    )
    sections = [_section(n, rows, arms) for n, rows in enumerate(group(run.rows, "dataset").values(), 1)]
    several = len(sections) > 1
    return {
        "run": run,
        "title": _title(extent, sections),
        "arms": arms,
        "extent": extent,
        "facts": _facts(extent),
        "finding": find(targets, overall, arms, differences),
        "few_patients": FEW_PATIENTS,
        "untrained": untrained_prompts(run, arms),
        "seen": footnotes(targets),
        "sampled": sum(bool(row.get("sampled")) for row in targets),
        "overall": overall,
        "by_dataset": make_overview(targets, arms, {s.name: s.anchor for s in sections}) if several else [],
        "by_modality": make_matrices(targets, arms, "modality") if len(extent.modalities) > 1 else [],
        "curves": make_curves(targets, arms),
        "volumes": make_volumes(targets, arms),
        "differences": differences,
        "sections": sections,
        "gallery": make_gallery(run, targets, arms),
        "speed": measure_speed(run.rows, arms, run.encode_calls),
        "failures": find_failures(run.rows),
        "policies": sorted(policy_table(), key=lambda line: _rank(line["metric"])),
        "provenance": Provenance.of(run),
    }


def _rank(metric: str) -> int:
    """Metrics as in the tables, then the others."""
    return COLUMNS.index(metric) if metric in COLUMNS else len(COLUMNS)


def _title(extent: Extent, sections: Sequence[Section]) -> str:
    models = " and ".join(extent.models) if len(extent.models) < 4 else plural(len(extent.models), "model")
    on = sections[0].name if len(sections) == 1 else plural(extent.datasets, "data set")
    return f"{models} on {on}" if sections else "A run without results"


def _facts(extent: Extent) -> list[tuple[str, str]]:
    one_each = [
        ("model", len(extent.models)), ("data set", extent.datasets), ("prompt", extent.prompts), ("case", extent.cases),
        ("patient", extent.patients), ("target", extent.targets), ("slice", extent.slices), ("measurement", extent.rows),
    ]  # fmt: skip
    # no slice was encoded where a cache held all, and how many were looked at nobody counted
    facts = [(name if n == 1 else f"{name}s", count(n)) for name, n in one_each if n or name != "slice"]
    return [*facts, ("undefined", count(extent.undefined)), ("failed", count(extent.failed))]


def _section(number: int, rows: Sequence[Row], arms: Arms) -> Section:
    targets = [row for row in rows if row["level"] == "target"]
    objects = [row for row in rows if row["level"] == "instance"]
    by_target = group([row for row in targets if row["target"] != EVERY_TARGET], "target")
    named = [row for of_target in by_target.values() for row in of_target]
    several = len(by_target) > 1
    return Section(
        name=rows[0]["dataset"],
        anchor=f"data-{number}",
        modality=rows[0]["modality"] or "",
        about=_about(rows, len(by_target)),
        table=make_table(targets, arms),
        targets=make_matrices(named, arms, "target") if several else [],
        details=[(name, make_table(members, arms)) for name, members in by_target.items()] if several else [],
        instances=make_table(objects, arms, level="instance") if objects else None,
        objects=len({(row["case_id"], row["rater"], row["instance"]) for row in objects}),
    )


def _about(rows: Sequence[Row], targets: int) -> str:
    ok = [row for row in rows if row["status"] == "ok"]
    raters = len({row["rater"] for row in ok})
    units = {row["unit"] for row in ok}
    words = [
        plural(len({row["case_id"] for row in rows}), "case"),
        plural(len(group(rows, patient)), "patient"),
        plural(targets, "target"),
        f"mean over {raters} raters" if raters > 1 else "",
        "distances in " + " or ".join({"mm": "millimetres", "px": "pixels"}[unit] for unit in sorted(units))
        if units
        else "",
        "grey values: " + ", ".join(sorted({row["intensity"] for row in ok})) if ok else "",
    ]
    return " · ".join(filter(None, words))
