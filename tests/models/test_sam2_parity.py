"""SAM 2 against the authors' own package; scripts/parity/sam2.sh makes the reference tensors and compares published sizes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

DATA = Path(__file__).parent / "data"
SCRIPT = Path(__file__).parents[2] / "scripts" / "parity" / "sam2_compare.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sam2_compare", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["sam2_compare"] = module  # its classes look it up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("config", ["small-2.1", "small-2"])
def test_embedding_logits_quality_and_memory_are_the_authors(script: ModuleType, config: str) -> None:
    """Single pictures, and two targets followed up and down with a correction, in both ways to remember it."""
    with np.load(DATA / f"sam2_{config}.npz") as file:
        reference = dict(file)
    rows = script.compare(config, reference)
    assert {row.what for row in rows} == {
        *(f"embedding, {name} map" for name in ("image", "finer", "finest")),
        "logits of a picture", "logits of a picture, low resolution", "quality",
        "logits of a followed target", "memories", "pointers", "a drawn mask and what follows from it",
    }  # fmt: skip
    assert [row for row in rows if not row.max_abs_difference <= script.TOLERANCE] == []


def test_the_references_are_not_trivial() -> None:
    """Targets are found and lost, and no two slices have the same answer."""
    with np.load(DATA / "sam2_small-2.1.npz") as file:
        low = {name: file[name] for name in file.files if name.endswith("/low") and name.startswith("prompted/")}
    present = {name: value for name, value in low.items() if value.max() > -100}
    assert 0 < len(present) < len(low)
    values = list(present.values())
    assert all(value.std() > 0.1 for value in values)
    slices = {name.rsplit("/", 2)[0].rpartition("/")[2] + name[-5]: value for name, value in present.items()}
    found = list(slices.values())
    assert all(np.abs(one - other).max() > 1e-3 for n, one in enumerate(found) for other in found[n + 1 :])
