"""What the tests of this room share."""

from __future__ import annotations

from pathlib import Path

import pytest

from samaritan.models import Segmenter, load_model


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SAMARITAN_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def litemedsam(tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    """LiteMedSAM with its real weights, from the installed package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMARITAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        return load_model("litemedsam")


@pytest.fixture
def tiny() -> Segmenter:
    """LiteMedSAM in miniature."""
    return load_model("tiny-litemedsam")
