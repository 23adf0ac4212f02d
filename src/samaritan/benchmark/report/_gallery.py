"""Pictures: the best, the median and the worst case of each target, and one case under every prompt."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._arms import Arm, Arms
from samaritan.benchmark.report._run import Run
from samaritan.core import Box, Points, PromptSet
from samaritan.predict.overlay import draw_overlay

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
        prompts: the median case of the first target under every prompt; empty where there is one prompt.
        left_out: number of targets that are not shown.
    """

    dataset: str
    targets: tuple[Strip, ...]
    prompts: tuple[Plate, ...]
    left_out: int


@dataclass(frozen=True)
class _Hanging:
    """A picture to be made."""

    title: str
    row: Row
    preview: dict[str, Any]


@dataclass(frozen=True)
class _Plan:
    """What a hall will show: (target, number of cases, pictures) of each target, and one case under every prompt."""

    dataset: str
    targets: list[tuple[str, int, list[_Hanging]]]
    prompts: list[_Hanging]
    left_out: int


def make_gallery(run: Run, rows: Sequence[Row], arms: Arms) -> list[Hall]:
    """Choose and draw.

    Cases are ranked by Dice under the reference prompt and the first model. Where a data set has more than
    :data:`MAX_TARGETS` targets, those are taken that are evenly spread from the best to the worst mean Dice.
    """
    shown = [
        _Hanging(arms.label(Arm.of(row)), row, preview)
        for row in rows
        if row["dice"] is not None and row["repeat"] == 0 and (preview := run.preview(row))
    ]
    first = [one for one in shown if one.row["prompt"] == arms.reference and Arm.of(one.row).system == arms.systems[0]]
    plans = [_plan(name, members, shown, arms) for name, members in _by(first, "dataset").items()]
    pictures = sum(len(hung) for plan in plans for _, _, hung in plan.targets) + sum(len(p.prompts) for p in plans) / 4
    side = next((side for side in SIDES if pictures * side * side * BYTES_PER_PIXEL <= BUDGET), SIDES[-1])
    return [
        Hall(
            plan.dataset,
            tuple(Strip(name, cases, tuple(_plate(run, one, side) for one in hung)) for name, cases, hung in plan.targets),
            tuple(_plate(run, one, side // 2) for one in plan.prompts),
            plan.left_out,
        )
        for plan in plans
    ]


def _plan(dataset: str, members: list[_Hanging], shown: Sequence[_Hanging], arms: Arms) -> _Plan:
    targets = _by(members, "target")
    names = _spread(targets, MAX_TARGETS)
    strips = [(name, len(targets[name]), _ranked(targets[name])) for name in names]
    median = sorted(targets[names[0]], key=_dice)[len(targets[names[0]]) // 2].row
    same = ("dataset", "case_id", "target", "rater")
    prompts = [one for one in shown if all(one.row[name] == median[name] for name in same)]  # type: ignore[literal-required]
    place = {arm: n for n, arm in enumerate(arms.all)}
    prompts.sort(key=lambda one: place[Arm.of(one.row)])
    return _Plan(dataset, strips, prompts if len(prompts) > 1 else [], len(targets) - len(names))


def _ranked(hung: Sequence[_Hanging]) -> list[_Hanging]:
    ordered = sorted(hung, key=_dice, reverse=True)
    if len(ordered) == 1:
        return [replace(ordered[0], title="only case")]
    if len(ordered) == 2:
        return [replace(ordered[0], title="better of two"), replace(ordered[1], title="worse of two")]
    median = ordered[len(ordered) // 2]
    return [replace(ordered[0], title="best"), replace(median, title="median"), replace(ordered[-1], title="worst")]


def _spread(targets: dict[str, list[_Hanging]], most: int) -> list[str]:
    names = list(targets)
    if len(names) <= most:
        return names
    ranked = sorted(names, key=lambda name: -float(np.mean([_dice(one) for one in targets[name]])))
    return [ranked[n] for n in np.linspace(0, len(ranked) - 1, most).round().astype(int)]


def _by(hung: Sequence[_Hanging], field: str) -> dict[str, list[_Hanging]]:
    found: dict[str, list[_Hanging]] = {}
    for one in hung:
        found.setdefault(one.row[field], []).append(one)  # type: ignore[literal-required]
    return found


def _dice(hung: _Hanging) -> float:
    return float(hung.row["dice"] or 0.0)


def _plate(run: Run, hung: _Hanging, side: int) -> Plate:
    shape = (int(hung.preview["shape"][0]), int(hung.preview["shape"][1]))
    with Image.open(run.folder / hung.preview["picture"]) as file:
        picture = np.asarray(file.convert("RGB")).swapaxes(0, 1)
    ref, pred = decode_runs(hung.preview["ref"], shape), decode_runs(hung.preview["pred"], shape)
    prompts = [_prompt(prompt) for prompt in hung.preview["prompts"]]
    window = _window(shape, ref | pred, prompts)
    x, y = hung.preview.get("spacing") or (1.0, 1.0)
    image = draw_overlay(picture, pred=pred, ref=ref, prompts=prompts, window=window, side=side, spacing=(x, y))
    single = hung.row["slices"] == 1 and hung.preview["slice"] == 0
    detail = window != (0, 0, *shape)
    return Plate(hung.title, _data_uri(image), image.size, hung.row, detail, None if single else int(hung.preview["slice"]))


def _prompt(described: dict[str, Any]) -> PromptSet:
    clicks, box = np.array(described.get("points") or [], float), described.get("box")
    return PromptSet(
        Points(clicks[:, :2], clicks[:, 2].astype(int)) if clicks.size else None,
        Box(box[:2], box[2:]) if box else None,
    )


def decode_runs(runs: Sequence[int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Run lengths, background first, -> (x, y) bool of ``shape``."""
    values = np.arange(len(runs)) % 2 == 1
    flat = np.repeat(values, runs)
    return np.resize(flat, shape) if flat.size else np.zeros(shape, bool)


def _window(
    shape: tuple[int, int], mask: NDArray[np.bool_], prompts: Sequence[PromptSet]
) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1) of what to show: a square around a small target and its prompts, else everything."""
    places = [np.argwhere(mask)] if mask.any() else []
    for prompt in prompts:
        places += [prompt.points.ijk[:, :2]] if prompt.points else []
        places += [np.stack([prompt.box.lo, prompt.box.hi])[:, :2]] if prompt.box else []
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
