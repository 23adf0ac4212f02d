"""Writes docs/which-model.md and docs/which-model.svg from the figures that this repository has published.

The words are those of scripts/which-model.template.md, the tables are made here.
Usage: python scripts/which_model.py   (after a table in docs/ or docs/bakeoff/ has changed)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import _which_sections as sections
from _which_chart import chart
from _which_sources import DOCS, zero_shot
from _which_start import SHAPES, start
from _which_unknown import unknown

__all__ = ["CHART", "PAGE", "SHAPES", "chart", "main", "page", "zero_shot_names"]

PAGE, CHART = DOCS / "which-model.md", DOCS / "which-model.svg"
TEMPLATE = Path(__file__).resolve().parent / "which-model.template.md"

#: What stands in double braces in the template.
MADE: dict[str, Callable[[], str]] = {
    "start": start, "by_target": sections.by_target, "by_size": sections.by_size, "losers": sections.losers,
    "adaptation": sections.adaptation, "few": sections.few, "volumes": sections.volumes, "clicks": sections.clicks,
    "learning": sections.learning, "cost": sections.cost, "unknown": unknown,
}  # fmt: skip


def main() -> None:
    """Write the page and its picture."""
    PAGE.write_text(page(), encoding="utf-8")
    CHART.write_text(chart(), encoding="utf-8")


def page() -> str:
    """The content of the page."""
    template = TEMPLATE.read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: MADE[found[1]]().strip("\n"), template)


def zero_shot_names() -> list[str]:
    """The data sets that the page is about."""
    return list(zero_shot())


if __name__ == "__main__":
    main()
