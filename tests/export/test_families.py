"""Architectures of the SAM family as graphs: the same answers, and the example prepares pictures as the model does.

MobileSAM's graphs are those of tiny-litemedsam with another stem.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samaritan.export import export_model
from tests.export.conftest import fresh


@pytest.mark.parametrize("name", ["tiny-sam-hq", "tiny-sam-med2d"])
@pytest.mark.slow
def test_the_graphs_answer_as_the_model(name: str, tmp_path: Path, few_pictures: None) -> None:
    segmenter = fresh(name)
    parity = export_model(segmenter, tmp_path / name, to="onnx")
    recipe = json.loads((tmp_path / name / "recipe.json").read_text(encoding="utf-8"))

    assert max(parity.embedding_error.values()) < 1e-4
    assert max(parity.logits_error.values()) < 1e-3
    assert min(row.worst for row in parity.rows) > 0.99
    assert (
        recipe["encoder"]["features"]
        == recipe["decoder"]["features"]
        == list(segmenter.network.feature_shapes["image"])
    )
    assert recipe["picture"]["interpolation"] == segmenter.frame.interpolation
