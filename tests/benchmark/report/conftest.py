"""Run folders of synthetic rows and pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image

from samaritan.benchmark._masks import run_lengths
from samaritan.benchmark._row import KEY

PROMPTS = ("box", "box:margin=0.1", "box:margin=0.2", "box:jitter=10px", "point", "points:5", "clicks:5", "everything")

#: How far each prompt falls behind the tight box.
LOSS = dict(zip(PROMPTS, (0.0, 0.04, 0.12, 0.09, 0.35, 0.2, 0.22, 0.1), strict=True))


#: Prompts with previews; pictures take most of a report's time.
SHOWN = ("box", "point", "clicks:5")


@dataclass(frozen=True)
class FakeData:
    """A made-up data set: mean Dice under the tight box, and what its rows look like."""

    name: str
    modality: str
    cases: int
    targets: tuple[str, ...]
    dice: float
    unit: str = "px"
    objects: int = 0
    raters: tuple[str, ...] = ("reference",)
    shape: tuple[int, int] = (96, 72)


DATA = (
    FakeData("polyps", "endoscopy", 8, ("polyp",), 0.93),
    FakeData("hippocampus", "MR", 6, ("anterior", "posterior"), 0.75, "mm", shape=(40, 52)),
    FakeData(
        "organs",
        "CT",
        1,
        ("liver", "spleen", "left kidney", "right kidney", "aorta", "<script>alert(1)</script>"),
        0.88,
        "mm",
    ),
    FakeData("nuclei", "microscopy", 5, ("nucleus",), 0.8, objects=3),
    FakeData("vessels", "fundus", 4, ("vessel",), 0.25, raters=("observer1", "observer2")),
)


def write_fake_run(
    folder: Path,
    *,
    data: tuple[FakeData, ...] = DATA,
    prompts: tuple[str, ...] = PROMPTS,
    models: tuple[str, ...] = ("litemedsam",),
    pictures: bool = True,
) -> list[dict[str, Any]]:
    """Write a run folder and return its rows."""
    rng = np.random.default_rng(7)
    (folder / "gallery").mkdir(parents=True)
    rows: list[dict[str, Any]] = []
    previews: list[dict[str, Any]] = []
    for dataset in data:
        for case in range(dataset.cases):
            for n, target in enumerate(dataset.targets):
                for model in models:
                    for prompt in prompts:
                        new = _rows(dataset, case, n, target, model, prompt, rng)
                        rows += new
                        if pictures and prompt in SHOWN:
                            previews.append(_preview(folder, dataset, case, n, new[0]))
    if data:
        rows += [_failed(data[0], model, prompt) for model in models for prompt in prompts]
    _write_lines(folder / "results.jsonl", rows)
    _write_lines(folder / "previews.jsonl", previews)
    units = {(row["dataset"], row["case_id"], row["model"]) for row in rows if row["status"] == "ok"}
    _write_lines(
        folder / "cases.jsonl",
        [{"dataset": d, "case_id": c, "model": m, "encode_calls": 4} for d, c, m in sorted(units)],
    )
    settings = {
        "data": [d.name for d in data],
        "models": list(models),
        "prompts": list(prompts),
        "seed": 0,
        "nsd_tolerance": 2.0,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    (folder / "provenance.json").write_text(json.dumps(_provenance(data, models)))
    return rows


@pytest.fixture(scope="session")
def fake_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A run with several data sets, raters, objects, units, an oracle, a failed case: (folder, rows). Read only."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, write_fake_run(folder)


@pytest.fixture(scope="session")
def fake_rows(fake_run: tuple[Path, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows of :func:`fake_run`."""
    return fake_run[1]


@pytest.fixture(scope="session")
def fake_data() -> tuple[FakeData, ...]:
    """What :func:`fake_run` is made of."""
    return DATA


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Make a run folder with chosen data, prompts, models."""

    def make(**choice: Any) -> Path:
        write_fake_run(tmp_path / "run", **choice)
        return tmp_path / "run"

    return make


def _rows(
    dataset: FakeData, case: int, n: int, target: str, model: str, prompt: str, rng: np.random.Generator
) -> list[dict[str, Any]]:
    found = []
    for rater in dataset.raters:
        for instance in [None, *range(1, dataset.objects + 1)]:
            case_rng = np.random.default_rng((sum(map(ord, dataset.name)), case, n))
            dice = float(
                np.clip(
                    dataset.dice - 0.03 * n + 0.06 * case_rng.normal() - LOSS.get(prompt, 0.1) + 0.02 * rng.normal(),
                    0,
                    1,
                )
            )
            found.append(_row(dataset, case, n, target, model, prompt, rater, instance, dice))
    return found


def _row(
    dataset: FakeData,
    case: int,
    n: int,
    target: str,
    model: str,
    prompt: str,
    rater: str,
    instance: int | None,
    dice: float,
) -> dict[str, Any]:
    clicks = prompt.startswith("clicks")
    return {
        "dataset": dataset.name, "case_id": f"case_{case:03d}", "patient_id": f"patient_{case // 2:03d}",
        "modality": dataset.modality, "target": target, "label": n + 1, "level": "target" if instance is None else "instance",
        "instance": instance, "rater": rater, "model": model, "adaptation": "none", "prompt": prompt, "repeat": 0,
        "candidates": "oracle" if prompt == "everything" else "single", "interactions": 5 if clicks else 1,
        "dice": dice, "iou": dice / (2 - dice), "nsd": dice**1.3, "hd95_mm": None if dice < 0.05 else 30 * (1 - dice),
        "assd_mm": None if dice < 0.05 else 9 * (1 - dice), "volume_difference": 0.1,
        "dice_by_round": [dice * f for f in (0.6, 0.8, 0.9, 0.97, 1.0)] if clicks else None, "unit": dataset.unit,
        "spacing": [1.0, 1.0, 1.0], "voxels": 500, "slices": 1 if dataset.unit == "px" else 4, "sampled": False,
        "quality": 0.9, "intensity": "window 40/400" if dataset.modality == "CT" else "asis", "plane": "axial",
        "status": "ok", "error": None, "seconds": 0.02 + 0.01 * len(prompt), "encode_seconds": 0.9,
    }  # fmt: skip


def _failed(dataset: FakeData, model: str, prompt: str) -> dict[str, Any]:
    row = _row(dataset, 900, 0, "*", model, prompt, "reference", None, 0.5)
    scores = dict.fromkeys(
        ("dice", "iou", "nsd", "hd95_mm", "assd_mm", "volume_difference", "dice_by_round", "quality")
    )
    return (
        row
        | scores
        | {"status": "failed", "error": "The image <b>case_900</b> is damaged.", "slices": 0, "intensity": ""}
    )


def _preview(folder: Path, dataset: FakeData, case: int, n: int, row: dict[str, Any]) -> dict[str, Any]:
    x, y = np.meshgrid(np.arange(dataset.shape[0]), np.arange(dataset.shape[1]), indexing="ij")
    centre = (dataset.shape[0] * (0.35 + 0.06 * n), dataset.shape[1] * (0.4 + 0.02 * case))
    radius = dataset.shape[1] * (0.09 if len(dataset.targets) > 2 else 0.22)
    ref: NDArray[np.bool_] = np.hypot(x - centre[0], 1.3 * (y - centre[1])) < radius
    pred: NDArray[np.bool_] = np.hypot(x - centre[0] - 2 * radius * (1 - row["dice"]), 1.3 * (y - centre[1])) < radius
    name = f"gallery/{dataset.name}-{case}.png"
    if not (folder / name).exists():
        _picture(dataset, case, ref).save(folder / name)
    box = [float(v) for v in (x[ref].min(), y[ref].min(), x[ref].max(), y[ref].max())]
    clicks = [[centre[0], centre[1], 1], [centre[0] + radius + 3, centre[1], 0]]
    prompt = (
        {"points": [], "box": box, "mask": False}
        if row["prompt"].startswith("box")
        else {"points": clicks, "box": None, "mask": False}
    )
    return {
        "key": [row[name] for name in KEY], "picture": name, "slice": 0 if dataset.unit == "px" else 2,
        "shape": list(dataset.shape), "ref": run_lengths(ref), "pred": run_lengths(pred), "prompts": [prompt],
    }  # fmt: skip


def _picture(dataset: FakeData, case: int, ref: NDArray[np.bool_]) -> Image.Image:
    rng = np.random.default_rng(case)
    grey = 90 + 40 * ref + 12 * rng.normal(size=dataset.shape)
    tint = np.array([1.2, 0.7, 0.6] if dataset.modality == "endoscopy" else [1.0, 1.0, 1.0])
    rgb = np.clip(grey[..., None] * tint, 0, 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(rgb.swapaxes(0, 1)))


def _provenance(data: tuple[FakeData, ...], models: tuple[str, ...]) -> dict[str, Any]:
    card = {
        "name": "litemedsam", "title": "LiteMedSAM", "url": "https://example.org/weights", "sha256": "79d8c9dc" * 8,
        "size": 39370479, "licence": "Apache-2.0", "training_data": ["MedSAM training set"], "input_size": 256,
        "normalisation": "to 0..1", "prompts": ["box"], "paper": "2304.12306", "parameters": 9791300,
    }  # fmt: skip
    session = {
        "start": "2026-01-05T10:00:00+00:00", "end": "2026-01-05T10:05:00+00:00",
        "command": "samaritan benchmark data -m litemedsam -o run",
    }  # fmt: skip
    return {
        "versions": {"samaritan": "0.1.0", "torch": "2.13.0"}, "python": "3.11.2",
        "machine": {"system": "Linux", "cpus": 2, "threads": 2}, "seed": 0, "models": dict.fromkeys(models, card),
        "datasets": [
            {"name": d.name, "layout": "folders", "modality": d.modality, "licence": "CC0", "cases": d.cases} for d in data
        ],
        "cases": {f"{d.name}/case_000": "ab12" * 8 for d in data},
        "sessions": [session],
    }  # fmt: skip


def _write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
