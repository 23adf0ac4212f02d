"""The real server and its model process are killed while a scripted person works; nothing acknowledged is lost."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from benchmarks.annotate.kill import session
from benchmarks.annotate.pictures import small_volumes
from benchmarks.annotate.server import Server


@pytest.mark.slow
def test_kills_of_server_and_model_lose_nothing(tmp_path: Path) -> None:
    """One of each; fifty are a benchmark, ``python -m benchmarks.annotate.kill``."""
    small_volumes(tmp_path / "images", 2)
    with Server(tmp_path / "images", tmp_path / "out", options=("--threads", "1")) as server:
        tally = session(server, kills=2, seed=1, victims=("server", "model"), latest=1.0, say=lambda _: None)
        labels = {one.name: server.client().open(one.case).labels() for one in server.client().cases()}
        assert server.stop() == 0
    assert tally.kills == {"server": 1, "model": 1}
    assert tally.edits.total() > 3
    assert not (tmp_path / "out" / ".samaritan" / "server.json").exists()
    for name, expected in labels.items():
        file = tmp_path / "out" / "masks" / f"{name}.nii.gz"
        image = nib.load(file) if file.exists() else None
        found = np.zeros(expected.shape) if image is None else np.asarray(nib.as_closest_canonical(image).dataobj)  # type: ignore[no-untyped-call]
        np.testing.assert_array_equal(found != 0, expected != 0)
