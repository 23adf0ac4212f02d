"""MONAI Label's own client, which knows nothing of samaritan, through a whole session on a port."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from samaritan.annotate.server.listen import listening_socket
from samaritan.annotate.server.run import Server
from samaritan.io import read_labels

from .conftest import SHAPE, Stand, make_stand

ROOT = Path(__file__).parents[4]
ENVIRONMENT = Path(os.environ.get("SAMARITAN_MONAILABEL", ROOT / "runs" / "monailabel-client"))

pytestmark = pytest.mark.skipif(
    not (ENVIRONMENT / "bin" / "python").exists(),
    reason="needs MONAI Label's client: scripts/monailabel_client.sh makes its environment",
)


@contextmanager
def serving(stand: Stand) -> Iterator[str]:
    """The address that a person gives to the client."""
    listener = listening_socket("127.0.0.1", 0)
    port = listener.getsockname()[1]
    up = threading.Event()
    server = Server(stand.app, stand.settings.limits, up.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.until_told(listener)))
    thread.start()
    try:
        assert up.wait(60)
        yield f"http://127.0.0.1:{port}/monai-label/{stand.settings.keys.protocol}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def test_a_session_of_the_foreign_client(tmp_path: Path) -> None:
    stand = make_stand(tmp_path, ("ct_1", "ct_2", "ct_3"))
    with serving(stand) as url:
        told = subprocess.run(
            [ENVIRONMENT / "bin" / "python", ROOT / "scripts" / "monailabel_session.py", url],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, "")
    said = {
        call.split("(")[0]: answer
        for call, _, answer in (part.partition("\n") for part in told.stdout.split(">>> ")[1:])
    }
    assert list(said) == [
        "auth_enabled", "info", "next_sample", "datastore", "GET /datastore/image?image=" + stand.case, "infer", "save_label",
        "download_label", "datastore counts", "create_session", "train_start", "train_status", "train_stop",
        "GET /logs/?lines=3",
    ]  # fmt: skip
    assert said["auth_enabled"] == "false\n"
    assert [one.action for one in stand.learner.acted] == ["start", "stop"]
    asked = [(type(one).__name__, one.image.key) for one in stand.engine.asked]
    assert asked[:3] == [("SliceQuestion", stand.case)] * 2 + [("VolumeQuestion", stand.case)]
    # the client's click is the middle voxel, its box the middle half; the masks that it sent back are kept where they lie
    expected = np.zeros(SHAPE, bool)
    expected[5:16, 4:13, 1:5] = True
    assert len(stand.workspace.accepted()) == 3
    assert (read_labels(tmp_path / "out" / "masks" / "ct_1.nii.gz").data == expected).all()
