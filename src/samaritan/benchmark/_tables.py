"""The rows once more, for people with other tools: CSV, Parquet and the summary."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import polars as pl

from samaritan.benchmark._row import Level, Row, metrics_added, metrics_measured
from samaritan.benchmark.statistics import summarise
from samaritan.core import atomic_path, write_text

#: What a spreadsheet takes for a formula when a text begins with it.
FORMULA = ("=", "+", "-", "@", "\t")

#: Groupings of summary.json, from coarse to fine.
GROUPINGS: tuple[tuple[str, ...], ...] = (
    ("dataset", "rater", "model", "adaptation", "prompt"),
    ("dataset", "target", "rater", "model", "adaptation", "prompt"),
)
LEVELS: tuple[Level, ...] = get_args(Level)

_TYPES: dict[str, Any] = {
    "dataset": pl.String, "case_id": pl.String, "patient_id": pl.String, "modality": pl.String, "target": pl.String,
    "label": pl.Int64, "level": pl.String, "instance": pl.Int64, "rater": pl.String, "model": pl.String,
    "adaptation": pl.String, "prompt": pl.String, "repeat": pl.Int64, "candidates": pl.String, "interactions": pl.Int64,
    "dice": pl.Float64, "iou": pl.Float64, "nsd": pl.Float64, "hd95_mm": pl.Float64, "assd_mm": pl.Float64,
    "volume_difference": pl.Float64, "dice_by_round": pl.List(pl.Float64), "unit": pl.String,
    "spacing": pl.List(pl.Float64), "voxels": pl.Int64, "slices": pl.Int64, "sampled": pl.Boolean,
    "quality": pl.Float64, "intensity": pl.String, "plane": pl.String, "framing": pl.String,
    "status": pl.String, "error": pl.String, "seen": pl.String, "seconds": pl.Float64, "encode_seconds": pl.Float64,
    "encode_calls": pl.Int64, "propagation": pl.String, "nsd_by_round": pl.List(pl.Float64),
    "interactions_by_round": pl.List(pl.Int64), "dice_auc": pl.Float64, "nsd_auc": pl.Float64,
    "dice_by_distance": pl.List(pl.Float64),
    "chains": pl.List(
        pl.Struct({"step": pl.Int64, "start": pl.Int64, "last": pl.Int64, "edge": pl.Int64, "reason": pl.String})
    ),
    "case_calls": pl.Int64, "case_seconds": pl.Float64,
}  # fmt: skip


def write_tables(run: Path, rows: Sequence[Row], *, seed: int) -> None:
    """Write results.csv, results.parquet and summary.json, each whole or not at all.

    Raises:
        ResourceError: one of them could not be written.
    """
    write_text(run / "results.csv", to_csv(rows))
    with atomic_path(run / "results.parquet") as temporary:
        pl.DataFrame(list(rows), schema=_types()).write_parquet(temporary)
    write_text(run / "summary.json", json.dumps(summaries(rows, seed=seed), indent=1) + "\n")


def to_csv(rows: Sequence[Row]) -> str:
    """One line per row; lists are separated by spaces, chains are JSON, and no text can act as a formula in a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(types := _types())
    writer.writerows([_cell(row.get(name)) for name in types] for row in rows)  # older runs lack some
    return buffer.getvalue()


def summaries(rows: Sequence[Row], *, seed: int) -> list[dict[str, Any]]:
    """Content of summary.json: one entry per level, grouping and metric, with the mean and its interval for every group."""
    return [
        {"level": level, "by": list(by), "metric": metric, "groups": [_plain(asdict(group)) for group in groups]}
        for level in LEVELS
        for by in GROUPINGS
        for metric in metrics_measured()
        if (groups := summarise(rows, by, metric, level=level, seed=seed))
    ]


def _types() -> dict[str, Any]:
    """Field -> type, with a column for every metric that was added."""
    return _TYPES | dict.fromkeys(metrics_added(), pl.Float64)


def _cell(value: Any) -> Any:
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return json.dumps(value)
    if isinstance(value, list):
        return " ".join("" if number is None else f"{number:.6g}" for number in value)
    if isinstance(value, str):
        text = value.replace("\r", " ")  # readers end a line there, and the writer does not quote it
        return "'" + text if text.startswith(FORMULA) else text
    return value


def _plain(content: Any) -> Any:
    """NaN becomes null: JSON has no other word for it."""
    if isinstance(content, dict):
        return {name: _plain(value) for name, value in content.items()}
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content
