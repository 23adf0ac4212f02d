"""What docs/which-model.md rests on: figures that this repository has published, read from where they stand.

Figures of Markdown tables stay text, as they were printed; figures of CSV and JSON files are numbers.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCS, BENCHMARKS = ROOT / "docs", ROOT / "benchmarks"

#: With fewer, an interval over patients is too narrow and a test can show nothing; published tables mark them.
FEW = 6


@dataclass(frozen=True)
class Table:
    """A Markdown table: the heading above it, its heads, and its rows as head -> cell."""

    heading: str
    heads: tuple[str, ...]
    rows: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class ZeroShot:
    """A line of docs/results.md: LiteMedSAM as published on one data set; scores as printed, "0.90 [0.87, 0.92]"."""

    name: str
    modality: str
    patients: int
    box: str
    loose: str
    point: str

    @property
    def few(self) -> bool:
        """Whether the interval says little."""
        return self.patients < FEW

    @property
    def dice(self) -> str:
        """Mean Dice of the tight box, without its interval."""
        return self.box.split()[0]


@dataclass(frozen=True)
class Trial:
    """A row of a table in docs/bakeoff: one method on one data set under one prompt; numbers are NaN-free or None."""

    page: str
    method: str
    prompt: str
    training: str
    seeds: int
    patients: int
    dice: float
    low: float | None
    high: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    words: str
    minutes: float
    steps: float
    peak_mb: float
    encode_seconds: float
    decode_seconds: float

    @property
    def shown(self) -> bool:
        """Whether the page says that it helps."""
        return self.words == "helps"


@cache
def tables(page: str) -> tuple[Table, ...]:
    """All tables of a page in docs/, in order."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    return tuple(_tables(lines))


def table(page: str, heading: str, number: int = 0) -> Table:
    """The table below a heading; KeyError without one."""
    found = [one for one in tables(page) if one.heading == heading]
    if len(found) <= number:
        raise KeyError(f"docs/{page} has no table {number} under {heading!r}")
    return found[number]


@cache
def zero_shot(heading: str = "litemedsam") -> dict[str, ZeroShot]:
    """Data set -> its line of docs/results.md."""
    found = {}
    for row in table("results.md", heading).rows:
        name = row["data set"].rstrip(" †‡")  # which are set anew, from the cards
        if not name.startswith("mean of"):
            scores = (row[key].removesuffix(" *") for key in ("box", "box:margin=0.1", "point"))
            found[name] = ZeroShot(name, row["modality"], int(row["patients"]), *scores)
    return found


@cache
def trials(page: str) -> tuple[Trial, ...]:
    """The rows of docs/bakeoff/PAGE.csv, the base among them."""
    with (DOCS / "bakeoff" / f"{page}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_trial(page, row) for row in csv.DictReader(file))


def pages() -> list[str]:
    """Names of the published bake-offs."""
    return sorted(path.stem for path in (DOCS / "bakeoff").glob("*.csv"))


def split(page: str) -> tuple[int, str]:
    """Training patients and the budget ("2 minutes", "150 steps") of a bake-off, from the head of its page."""
    text = (DOCS / "bakeoff" / f"{page}.md").read_text(encoding="utf-8")
    found = re.search(r"Split by [^:]+: (\d+) train.*?Each method: ([\d.]+) (minutes?|steps)", text)
    if found is None:
        raise KeyError(f"docs/bakeoff/{page}.md says nothing of its split")
    return int(found[1]), f"{found[2]} {found[3]}"


@cache
def framings() -> dict[str, Any]:
    """What benchmarks/framing/rules.py found."""
    loaded: dict[str, Any] = json.loads((BENCHMARKS / "framing" / "results.json").read_text(encoding="utf-8"))
    return loaded


@cache
def performance() -> dict[str, Any]:
    """Name of a measurement -> its JSON in docs/performance.md."""
    text = (DOCS / "performance.md").read_text(encoding="utf-8")
    return {name: json.loads(body) for name, body in re.findall(r"^`(\w+)`\n\n```json\n(.*?)```", text, re.M | re.S)}


@cache
def described() -> dict[str, Any]:
    """Data set -> what benchmarks/public27.yaml says of it."""
    loaded: dict[str, Any] = yaml.safe_load((BENCHMARKS / "public27.yaml").read_text(encoding="utf-8"))
    return loaded


def _tables(lines: list[str]) -> Iterator[Table]:
    heading, block = "", []
    for line in [*lines, ""]:
        if line.startswith("|"):
            block.append([_plain(cell) for cell in line.strip().strip("|").split("|")])
            continue
        if len(block) > 2:
            heads = tuple(block[0])
            yield Table(heading, heads, tuple(dict(zip(heads, row, strict=True)) for row in block[2:]))
        block = []
        if line.startswith("#"):
            heading = line.lstrip("#").strip()


def _plain(cell: str) -> str:
    return cell.replace("\\", "").replace("`", "").replace("**", "").strip()


def _trial(page: str, row: dict[str, str]) -> Trial:
    def maybe(key: str) -> float | None:
        return float(row[key]) if row[key] else None

    return Trial(
        page, row["method"], row["prompt"], row["training_patients"], int(row["seeds"]), int(row["test_patients"]),
        float(row["dice"]), maybe("dice_low"), maybe("dice_high"), maybe("difference_to_base"), maybe("low_to_base"),
        maybe("high_to_base"), row["words"], float(row["minutes"]), float(row["steps"]), float(row["peak_mb"]),
        float(row["encode_seconds"]), float(row["decode_seconds"]),
    )  # fmt: skip
