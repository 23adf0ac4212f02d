"""Exports that the tests of this room share: writing graphs takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samaritan.export import Parity, _export, export_model
from samaritan.export._run import Graphs, open_graphs
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter


def fresh(name: str = "tiny-litemedsam") -> SamSegmenter:
    segmenter = load_model(name)
    assert isinstance(segmenter, SamSegmenter)
    return segmenter


@pytest.fixture(scope="session")
def few_pictures() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_export, "PICTURES", 5)
        yield


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, few_pictures: None) -> tuple[Path, Parity]:
    """LiteMedSAM in miniature as ONNX."""
    folder = tmp_path_factory.mktemp("exported") / "tiny"
    return folder, export_model(fresh(), folder, to="onnx")


@pytest.fixture(scope="session")
def graphs(exported: tuple[Path, Parity]) -> Graphs:
    """The same, running on ONNX Runtime."""
    return next(open_graphs(exported[0], "onnx", 1))
