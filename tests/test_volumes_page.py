"""The page of the volume tables, from made-up run folders."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from samaritan.benchmark._row import NO_VOLUME

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("volumes_page", ROOT / "benchmarks" / "_volumes_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(prompt: str, target: str, dice: float, **fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "dataset": "organs", "case_id": "a", "patient_id": "a", "modality": "CT", "target": target, "label": 1,
        "level": "target", "instance": None, "rater": "reference", "model": "litemedsam", "adaptation": "none",
        "prompt": prompt, "repeat": 0, "candidates": "single", "dice": dice, "nsd": dice / 2, "status": "ok",
        "interactions": 1, "encode_seconds": 20.0, "encode_calls": 40,
    }  # fmt: skip
    chains = [
        {"step": -1, "start": 9, "last": 8, "edge": 4, "reason": "overlap with the last mask 0.31"},
        {"step": 1, "start": 9, "last": 15, "edge": 15, "reason": "empty: the model found nothing"},
    ]
    own = {
        "propagation": "auto",
        "dice_by_distance": [0.9, 0.5],
        "chains": chains,
        "case_calls": 10,
        "case_seconds": 8.0,
    }
    return base | NO_VOLUME | own | fields


@pytest.fixture
def text(page: ModuleType, tmp_path: Path) -> str:
    runs = {
        0: [
            row("centre-box", "liver", 0.2), row("centre-box", "spleen", 0.4), row("boxes-every:5", "liver", 0.6),
            row("boxes-every:1", "liver", 0.8),
        ],
        1: [row("clicks3d:1", "liver", 0.5, interactions_by_round=[1, 2], dice_auc=0.35, nsd_auc=0.1)],
    }  # fmt: skip
    for number, rows in runs.items():
        folder = tmp_path / "runs" / "organs" / str(number)
        folder.mkdir(parents=True)
        (folder / "results.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
        (folder / "provenance.json").write_text(json.dumps({"versions": {"samaritan": "0.1.0"}}))
    timing = {
        "case": "a", "targets": 9, "encode_seconds": 0.5, "together": {"seconds": 10.0, "calls": 20},
        "alone": [{"target": "liver", "seconds": 1.0, "calls": 10}, {"target": "spleen", "seconds": 3.0, "calls": 14}],
    }  # fmt: skip
    (tmp_path / "runs" / "targets.json").write_text(json.dumps(timing))
    (tmp_path / "notes.md").write_text("## What goes wrong\n\nMuch.\n")
    page.write_page(tmp_path / "runs", ["absent", "organs"], tmp_path / "notes.md", tmp_path / "page.md")
    return (tmp_path / "page.md").read_text()


def test_strategies_stand_side_by_side(text: str) -> None:
    assert "| organs | 1 | 2 | 0.30 | 0.60 | 0.80 |" in text
    assert "| organs | 1 | 2 | 0.15 | 0.30 | 0.40 |" in text  # NSD
    assert "absent" not in text


def test_cost_counts_the_encoder_at_the_time_of_a_picture(text: str) -> None:
    """8 s, of which 10 pictures at 20 / 40 s; with 10 pictures at 0.5 s that is 8 s again."""
    assert "| organs | 1.0 | 10 | 8 | 1.0 | 10 | 8 | 1.0 | 10 | 8 |" in text


def test_distances_and_ends(text: str) -> None:
    assert "| organs | 0.90 (2) | 0.50 (2) | - |" in text
    assert "| organs | 4 | 50 % | 50 % | 0 % | overlap with the last mask 2 |" in text


def test_other_prompts_targets_and_notes(text: str) -> None:
    assert "| organs | 0.50 | 0.35 | 0.10 |" in text
    assert "**2.5 times**" in text  # 10 + 20 / 2 against the mean of 6 and 10
    assert "| all 9 together | 20 | 10.0 | 20.0 | 1.0 |" in text
    assert text.endswith("Much.\n")
