"""The page of run folders: files, settings and columns, from the classes that write them."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Mapping
from typing import Any

from samaritan.adapt import AdapterHeader
from samaritan.bakeoff import BakeoffConfig, ScoreConfig
from samaritan.bakeoff import _folder as bakeoff_folder
from samaritan.bakeoff._result import ArmResult
from samaritan.benchmark import RunConfig
from samaritan.benchmark import _folder as run_folder
from samaritan.benchmark import _row as rows
from samaritan.core import Config
from samaritan.evaluate import METRICS
from samaritan.train import TrainConfig, TrainResult
from samaritan.train import _folder as train_folder
from samaritan.train._log import COLUMNS
from scripts.reference._text import attributes, code, page, plain, table

BENCHMARK = {
    "config.yaml": "the settings below, resolved; a rerun must bring the same ones",
    "results.jsonl": "one JSON object a line, the columns below; appended and flushed after each case",
    "results.csv": "the same as a table; lists are JSON within a cell",
    "results.parquet": "the same, typed",
    "cases.jsonl": "one line for each case under each model that needs no more work",
    "previews.jsonl": "which pictures of `gallery/` belong to which row",
    "summary.json": "means with intervals by data set, model, adaptation and prompt",
    "provenance.json": "versions, weights with checksums, machine, seed, data sets, hashes of files, each start of the run",
    "report.html": "everything for a reader, in one file that needs no other",
}

TRAINING = {
    "config.yaml": "the settings below, resolved",
    "split.json": "which case trains, validates and tests",
    "adapter.safetensors": "what was trained; its header is below",
    "result.json": "how the run ended; written last",
    "curve.png": "the log as a picture",
    "log.csv": "a row for each step or validation that is logged; columns below",
}

BAKEOFF = {
    bakeoff_folder.CONFIG: "the settings below, resolved",
    bakeoff_folder.SPLIT: "the split that all arms share",
    bakeoff_folder.TABLE: "everything that the tables hold, as JSON",
    bakeoff_folder.CSV: "a row for each method, prompt and number of training patients",
    bakeoff_folder.REPORT: "everything for a reader, in one file",
    bakeoff_folder.CURVE: "Dice against the number of training patients, where `--few` asked for it",
    bakeoff_folder.FAILURES: "why an arm failed",
    "base/, METHOD-seedN/": "one folder for each arm: `scores.json`, `test/` (a run folder), and of methods the training run",
}

LOG = {
    "step": "optimiser steps done", "progress": "share of the run, 0..1", "minutes": "since the start",
    "rate": "learning rate of the method's own modules", "loss": "of the step, all terms with their weights",
    "dice_loss": "Dice loss", "bce_loss": "cross entropy, or focal loss", "iou_loss": "squared error of the estimated IoU",
    "penalty": "what the method adds (a KL divergence, a regulariser)", "grad_norm": "norm of the gradient before clipping",
    "val_dice": "mean Dice of the validation part", "seconds_per_step": "by the clock", "peak_mb": "largest memory, MiB",
}  # fmt: skip

#: Columns whose class says nothing beyond their name.
ROWS = {
    "dataset": "name of the data set", "case_id": "unique in the data set", "patient_id": "cases of one patient share it",
    "modality": "canonical; null where nobody says", "target": "name of the label", "label": "its value in the mask",
    "level": "`target`: a label of a case; `instance`: one object of it", "instance": "value of the object",
    "rater": "whose mask it was scored against", "model": "as in `-m`", "adaptation": "name of the adapter, or `none`",
    "prompt": "canonical text of the strategy", "repeat": "number of the draw, from 0",
    "candidates": "which candidate mask counts", "unit": "of distances", "spacing": "of the voxels, mm or px, (i, j, k)",
    "intensity": "policy by which grey values were scaled", "plane": "in which volumes were sliced",
    "status": "a failed row has no scores", "error": "the sentence, where it failed",
    "nsd_auc": "as `dice_auc`", "chains": "where each chain of slices ended; below",
    "encode_seconds": "encoding by the clock, shared by all rows of the case",
}  # fmt: skip

#: Python's name of a type -> that of everybody.
WORDS = {
    "str": "text", "int": "whole number", "float": "number", "bool": "true or false", "NoneType": "null", "Chain": "object",
}  # fmt: skip

UNITS = {
    "hd95_mm": "mm or px", "assd_mm": "mm or px", "seconds": "s", "encode_seconds": "s", "case_seconds": "s",
    "voxels": "voxels", "slices": "slices", "spacing": "mm or px", "quality": "0..1", "dice": "0..1", "iou": "0..1",
    "nsd": "0..1", "volume_difference": "relative to the reference", "interactions": "acts", "dice_by_round": "0..1",
    "nsd_by_round": "0..1", "interactions_by_round": "acts", "dice_auc": "0..1", "nsd_auc": "0..1", "dice_by_distance": "0..1",
    "case_calls": "pictures", "encode_calls": "pictures",
}  # fmt: skip


def runs() -> str:
    """Files, settings and columns of the three kinds of run."""
    _same(set(BENCHMARK), set(run_folder.FILES))
    _same(set(TRAINING), set(train_folder.FILES))
    _same(set(LOG), set(COLUMNS))
    return page(
        "Run folders",
        "Every file is written whole or not at all, or appended line by line; the same command continues what was stopped. "
        "Text is UTF-8. A value that is missing is `null` in JSON and an empty cell in CSV; nothing is NaN.",
        "## `samaritan benchmark`",
        _files(BENCHMARK) + "| `gallery/` | pictures for the report |\n",
        "### Columns of results",
        f"These together name a measurement: {', '.join(map(code, rows.KEY))}. These may differ between two runs of the same "
        f"work: {', '.join(map(code, rows.VOLATILE))}.",
        _columns(),
        "Each of `chains`: `step` (+1 or -1), `start` (the prompted slice), `last` (the last slice with a mask), `edge` (the "
        "last slice of the reference in this direction), `reason` (why it went no further).",
        "### Settings: config.yaml",
        _settings(RunConfig),
        "## `samaritan adapt`",
        _files(TRAINING) + "| `test/` | a run folder: the test part before and after |\n"
        "| `tensorboard/` | with the extra `tensorboard` |\n| `checkpoints/`, `features/` | while the run lasts |\n",
        "### Columns of log.csv",
        table(("column", "meaning"), ((code(name), LOG[name]) for name in COLUMNS)),
        "### result.json",
        _attributes(TrainResult),
        "### Settings of a training: config.yaml",
        _settings(TrainConfig),
        "### Header of adapter.safetensors",
        "JSON under one key of the file's metadata, readable without loading a tensor.",
        _settings(AdapterHeader),
        "## `samaritan bakeoff`",
        _files(BAKEOFF),
        "### Settings of a bake-off: bakeoff.yaml",
        _settings(BakeoffConfig),
        "`score`:",
        _settings(ScoreConfig),
        "### scores.json of an arm",
        _settings(ArmResult),
    )


def _files(files: Mapping[str, str]) -> str:
    return table(("file", "holds"), ((code(name), about) for name, about in files.items()))


def _columns() -> str:
    documented = _documented(rows.Row) | _documented(rows.VolumeScores)
    hints = typing.get_type_hints(rows.Row)
    order = [name for name in hints if name not in rows.NO_VOLUME] + list(rows.NO_VOLUME)
    lines = []
    for name in order:
        about = documented.get(name) or ROWS.get(name) or (METRICS.get(name).definition if name in METRICS else "")
        lines.append((code(name), code(kind(hints[name])), UNITS.get(name, ""), about))
    return table(("column", "type", "unit", "meaning"), lines)


def kind(hint: Any) -> str:
    """A type in words that every language has."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " or ".join(map(str, inner))
    if origin in (typing.NotRequired, typing.Annotated):
        return kind(inner[0])
    if origin is list:
        return f"list of {kind(inner[0])}" if len(typing.get_args(inner[0])) < 2 else f"list of ({kind(inner[0])})"
    if inner:
        return " or ".join(map(kind, inner))
    name: str = hint.__name__
    return WORDS.get(name, name)


def _settings(config: type[Config]) -> str:
    meanings = attributes(inspect.getdoc(config) or "")
    lines = []
    for name, field in config.model_fields.items():
        default = "required" if field.is_required() else code(field.get_default(call_default_factory=True))
        lines.append((code(name), default, meanings.get(name, "")))
    return table(("key", "default", "meaning"), lines)


def _attributes(kind_: type) -> str:
    return table(("key", "meaning"), ((code(k), v) for k, v in attributes(inspect.getdoc(kind_) or "").items()))


def _documented(record: type) -> dict[str, str]:
    """Field -> the string below it in the source of its class."""
    fields: Any = ast.parse(inspect.getsource(record)).body[0]
    found = {}
    for field, below in zip(fields.body, fields.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
            found[ast.unparse(field.target)] = " ".join(plain(str(ast.literal_eval(below.value))).split())
    return found


def _same(told: set[str], there: set[str]) -> None:
    if told != there:
        raise ValueError(f"scripts/reference/runs.py tells of other names than there are: {sorted(told ^ there)}.")
