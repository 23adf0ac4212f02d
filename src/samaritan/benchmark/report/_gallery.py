"""Pictures: the best, the median and the worst case of each target, and one case under every prompt."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._arms import Arm, Arms
from samaritan.benchmark.report._overlay import draw
from samaritan.benchmark.report._run import Run
from samaritan.benchmark.report._tables import group

#: At most this many targets of a data set are shown: an atlas has a hundred.
MAX_TARGETS = 4

#: Pictures (in bytes, encoded) that one report may hold; more of them are made smaller to fit.
BUDGET = 6_000_000

#: Longest sides to try, in pixels, and the share of a picture's pixels that one byte of WebP stands for.
SIDES = (480, 400, 320, 240, 180)
BYTES_PER_PIXEL = 0.18

#: A target is shown enlarged where its region takes up less than this share of the picture's longest side.
SMALL_TARGET = 0.45


@dataclass(frozen=True)
class Plate:
    """One picture.

    Attributes:
        title: "best", "median", "worst", "only case", or the prompt.
        source: data URI.
        size: (width, height) in pixels.
        row: whose result it shows.
        detail: True when it shows a part of the picture only.
        slice: number of the slice, or None where the image has only one.
    """

    title: str
    source: str
    size: tuple[int, int]
    row: Row
    detail: bool
    slice: int | None


@dataclass(frozen=True)
class Strip:
    """Plates side by side.

    Attributes:
        target: what is outlined.
        cases: that the plates were chosen from.
        plates: the pictures.
    """

    target: str
    cases: int
    plates: tuple[Plate, ...]


@dataclass(frozen=True)
class Hall:
    """The pictures of one data set.

    Attributes:
        dataset: its name.
        targets: best, median and worst of each target.
        prompts: the median case of the first target under every prompt; None where there is one prompt.
        left_out: number of targets that are not shown.
    """

    dataset: str
    targets: tuple[Strip, ...]
    prompts: Strip | None
    left_out: int


@dataclass(frozen=True)
class _Hanging:
    """A picture to be made: the title, and the row."""

    title: str
    row: Row


def make_gallery(run: Run, rows: Sequence[Row], arms: Arms) -> list[Hall]:
    """Choose and draw.

    Cases are ranked by Dice under the reference prompt and the first model. Where a data set has more than
    :data:`MAX_TARGETS` targets, those are taken that are evenly spread from the best to the worst mean Dice.
    """
    shown = [row for row in rows if row["dice"] is not None and row["repeat"] == 0 and run.preview(row)]
    by_prompt = [row for row in shown if row["prompt"] == arms.reference and Arm.of(row).system == arms.systems[0]]
    plans: list[tuple[str, list[tuple[str, int, list[_Hanging]]], list[_Hanging], int]] = []
    for dataset, members in group(by_prompt, "dataset").items():
        targets = group(members, "target")
        names = _spread(targets, MAX_TARGETS)
        strips = [(name, len(targets[name]), _ranked(targets[name])) for name in names]
        median = sorted(targets[names[0]], key=_dice)[len(targets[names[0]]) // 2]
        prompts = _same_case(shown, median, arms)
        plans.append((dataset, strips, prompts if len(prompts) > 1 else [], len(targets) - len(names)))
    side = _side(
        sum(len(hung) for _, strips, _, _ in plans for _, _, hung in strips) + sum(len(p) for _, _, p, _ in plans) / 4
    )
    return [
        Hall(
            dataset,
            tuple(Strip(name, cases, tuple(_plate(run, one, side) for one in hung)) for name, cases, hung in strips),
            Strip(prompts[0].row["target"], 1, tuple(_plate(run, one, side // 2) for one in prompts))
            if prompts
            else None,
            left_out,
        )
        for dataset, strips, prompts, left_out in plans
    ]


def _ranked(rows: Sequence[Row]) -> list[_Hanging]:
    ordered = sorted(rows, key=_dice, reverse=True)
    if len(ordered) == 1:
        return [_Hanging("only case", ordered[0])]
    if len(ordered) == 2:
        return [_Hanging("better of two", ordered[0]), _Hanging("worse of two", ordered[1])]
    return [
        _Hanging("best", ordered[0]),
        _Hanging("median", ordered[len(ordered) // 2]),
        _Hanging("worst", ordered[-1]),
    ]


def _same_case(rows: Sequence[Row], like: Row, arms: Arms) -> list[_Hanging]:
    place = {arm: n for n, arm in enumerate(arms.all)}
    same = ("dataset", "case_id", "target", "rater")
    found = [row for row in rows if all(row[name] == like[name] for name in same)]  # type: ignore[literal-required]
    return [_Hanging(arms.label(Arm.of(row)), row) for row in sorted(found, key=lambda row: place[Arm.of(row)])]


def _spread(targets: dict[str, list[Row]], most: int) -> list[str]:
    names = list(targets)
    if len(names) <= most:
        return names
    ranked = sorted(names, key=lambda name: -float(np.mean([_dice(row) for row in targets[name]])))
    return [ranked[n] for n in np.linspace(0, len(ranked) - 1, most).round().astype(int)]


def _dice(row: Row) -> float:
    return float(row["dice"] or 0.0)


def _side(pictures: float) -> int:
    """The longest side that fits the budget."""
    fitting = (side for side in SIDES if pictures * side * side * BYTES_PER_PIXEL <= BUDGET)
    return next(fitting, SIDES[-1])


def _plate(run: Run, hung: _Hanging, side: int) -> Plate:
    preview = run.preview(hung.row)
    path = preview and run.picture(preview)
    if not preview or not path:
        raise AssertionError("only rows with a picture are hung")
    shape = (int(preview["shape"][0]), int(preview["shape"][1]))
    with Image.open(path) as file:
        picture = np.asarray(file.convert("RGB")).swapaxes(0, 1)
    ref, pred = decode_runs(preview["ref"], shape), decode_runs(preview["pred"], shape)
    window = _window(shape, ref | pred, preview["prompts"])
    image = draw(picture, ref, pred, preview["prompts"], window, side)
    single = hung.row["slices"] == 1 and preview["slice"] == 0
    detail = window != (0, 0, *shape)
    return Plate(hung.title, _data_uri(image), image.size, hung.row, detail, None if single else int(preview["slice"]))


def decode_runs(runs: Sequence[int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Run lengths, background first, -> (x, y) bool of ``shape``."""
    values = np.arange(len(runs)) % 2 == 1
    flat = np.repeat(values, runs)
    return np.resize(flat, shape) if flat.size else np.zeros(shape, bool)


def _window(
    shape: tuple[int, int], mask: NDArray[np.bool_], prompts: Sequence[dict[str, Any]]
) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1) of what to show: a square around a small target and its prompts, else everything."""
    places = [np.argwhere(mask)] if mask.any() else []
    for prompt in prompts:
        places += [np.array(prompt["points"], float)[:, :2]] if prompt.get("points") else []
        places += [np.array(prompt["box"], float).reshape(2, 2)] if prompt.get("box") else []
    if not places:
        return (0, 0, *shape)
    low, high = (f(np.concatenate(places), axis=0) for f in (np.min, np.max))
    extent = float((high - low).max()) + 1
    if extent > SMALL_TARGET * max(shape):
        return (0, 0, *shape)
    side = min(max(extent / SMALL_TARGET, 48.0), float(max(shape)))
    x0, y0 = (
        round(float(np.clip(m - side / 2, 0, max(n - side, 0)))) for m, n in zip((low + high) / 2, shape, strict=True)
    )
    return x0, y0, min(x0 + round(side), shape[0]), min(y0 + round(side), shape[1])


def _data_uri(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=82, method=4)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
