"""The report of a bake-off: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from samaritan.bakeoff import _words
from samaritan.bakeoff._folder import CURVE, REPORT
from samaritan.bakeoff._lines import SIMPLEST
from samaritan.bakeoff._raters import SCORES, summarise_raters
from samaritan.bakeoff.collect import Bakeoff
from samaritan.bakeoff.report._finding import find
from samaritan.bakeoff.report._forest import forest
from samaritan.bakeoff.report._targets import by_target
from samaritan.benchmark.report._arms import describe
from samaritan.benchmark.report._numbers import FILTERS, count, plural
from samaritan.benchmark.report._provenance import Provenance
from samaritan.core import write_text
from samaritan.predict import overlay

__all__ = ["write_report"]


def write_report(bakeoff: Bakeoff) -> Path:
    """Write ``report.html`` into the bake-off's folder and return its path.

    Raises:
        ResourceError: it cannot be written.
    """
    path = bakeoff.folder / REPORT
    write_text(path, render(bakeoff))
    return path


def render(bakeoff: Bakeoff) -> str:
    """The page; its style and its small parts are those of a benchmark's report."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("samaritan.bakeoff.report"), PackageLoader("samaritan.benchmark.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    environment.globals |= {"words": _words, "describe": describe, "forest": forest, "simplest": SIMPLEST}
    css = "".join(environment.get_template(name).render(colours=overlay) for name in ("report.css", "bakeoff.css"))
    return environment.get_template("bakeoff.html.j2").render(
        css=Markup(css),  # noqa: S704 our own file; as text in <style> it must not be escaped
        css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii"),
        **_content(bakeoff),
    )


def _content(bakeoff: Bakeoff) -> dict[str, Any]:
    return {
        "bakeoff": bakeoff,
        "title": f"{plural(len(bakeoff.config.methods), 'adaptation method')} on {bakeoff.datasets}",
        "facts": _facts(bakeoff),
        "finding": find(bakeoff.tables[0]),
        "curve": _picture(bakeoff.folder / CURVE),
        "targets": by_target(bakeoff),
        "raters": _raters(bakeoff),
        "rater_scores": SCORES,
        "rater_pairs": bakeoff.rater_pairs,
        "courses": _courses(bakeoff),
        "provenance": Provenance.of(bakeoff.base_run),
    }


def _facts(bakeoff: Bakeoff) -> list[tuple[str, str]]:
    train, patients = bakeoff.config.train, bakeoff.patients
    length = f"{count(train.steps)} steps" if train.steps else f"{train.budget_minutes:g} min"
    return [
        ("model", train.model),
        ("training patients", count(patients["train"])),
        ("validation patients", count(patients["val"])),
        ("test patients", count(patients["test"])),
        ("each training", length),
        ("seed" if len(bakeoff.config.seeds) == 1 else "seeds", ", ".join(map(str, bakeoff.config.seeds))),
        ("failed arms", count(len(bakeoff.failed))),
    ]


def _raters(bakeoff: Bakeoff) -> list[tuple[str, str, int, list[Any]]]:
    """(method, prompt, answers, one summary for each score) of the arms that trained on all patients."""
    found = []
    for entry in bakeoff.judged:
        for prompt in dict.fromkeys(one.prompt for one in entry.raters):
            own = [one for one in entry.raters if one.prompt == prompt]
            summaries = [summarise_raters(own, name, seed=bakeoff.config.score.seed) for name in SCORES]
            found.append((entry.label, prompt, own[0].samples, summaries))
    return found


def _courses(bakeoff: Bakeoff) -> Sequence[tuple[str, str]]:
    """(arm, picture) of the trainings on all patients with the first seed."""
    found = []
    for entry in (one for one in bakeoff.entries if one.few is None):
        path = bakeoff.folder / entry.folders[0] / "curve.png"
        if picture := _picture(path):
            found.append((entry.label, picture))
    return found


def _picture(path: Path) -> str:
    """A PNG as text for the page; "" where there is none."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii") if path.is_file() else ""
