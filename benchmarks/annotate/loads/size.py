"""A large volume: opening it, saving its masks, and what that takes; and how long a start takes."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import psutil  # type: ignore[import-untyped]  # ships no types

from benchmarks.annotate.loads import Plan, Row, at_most, seconds
from benchmarks.annotate.loads.meanwhile import asked_meanwhile
from benchmarks.annotate.pictures import place_of, save_volume, small_volumes, turned
from benchmarks.annotate.server import Server
from samaritan.annotate.client import Case

SHAPE = (512, 512, 400)

STARTS = 5


def start(plan: Plan) -> list[Row]:
    """From the command to a listening server, and to a model that answers."""
    images = plan.folder / "start"
    small_volumes(images, 3)
    listening, ready = [], []
    for number in range(STARTS):
        began = time.monotonic()
        with Server(images, plan.folder / f"start-out-{number}", model=plan.model) as server:
            listening.append(time.monotonic() - began)
            server.await_model()
            ready.append(time.monotonic() - began)
    return [
        at_most("start: server listening", listening, longest=3),
        at_most("start: model ready", ready, longest=10),
    ]


def large_volume(plan: Plan) -> list[Row]:
    """512 x 512 x 400 voxels of int16: 200 MB."""
    path = _large(plan.folder / "large" / "large.nii")
    raw = path.stat().st_size
    with Server(path.parent, plan.folder / "large-out", model=plan.model) as server:
        server.await_model()
        process = psutil.Process(server.pid)
        before = process.memory_info().rss
        most = _Most(process)
        began = time.monotonic()
        case = server.client().open("large")
        opened = time.monotonic() - began
        size = len(case.image_bytes())
        case.labels()
        whole = time.monotonic() - began
        growth = (most.stop() - before) / raw
        rows = [
            Row("open 512 x 512 x 400 int16 (210 MB): answered", "<= 3 s", seconds(opened), opened <= 3),
            Row("image and labels with the client", "<= 12 s", f"{seconds(whole)}, {size / 1e6:.0f} MB", whole <= 12),
            Row("the server's memory beyond that before", "<= 2.5 x the voxels", f"{growth:.2f} x", growth <= 2.5),
        ]
        return rows + _save(server, case)


def _save(server: Server, case: Case) -> list[Row]:
    """Paint through the volume, export it, and ask for health meanwhile."""
    middle = np.array(case.detail.shape) // 2
    for index in range(0, case.detail.shape[2], 40):
        at = place_of(case.geometry, (middle[0], middle[1], index))
        case.paint("organ", [at], radius=90.0, plane="axial")
    with asked_meanwhile(server, "/api/health") as health:
        began = time.monotonic()
        written = case.export(server.output.parent / "large-mask.nii.gz", overwrite=True)
        taken = time.monotonic() - began
    image: Any = nib.load(written)
    raw = float(np.prod(image.shape)) * image.get_data_dtype().itemsize / 1e6
    what = f"export its masks as .nii.gz: {raw:.0f} MB of voxels, {written.stat().st_size / 1e6:.1f} MB written"
    return [
        Row(what, "<= 8 s for 200 MB", seconds(taken), taken <= 8 * raw / 200),
        at_most("health meanwhile", health, p99=0.1),
    ]


def _large(path: Path) -> Path:
    """Not quite constant, and quick to make; compresses badly, as images do."""
    if not path.exists():
        chance = np.random.default_rng(0)
        slab = chance.normal(0, 60, SHAPE[:2]).astype(np.int16)
        data = np.stack([np.roll(slab, 7 * k, axis=0) for k in range(SHAPE[2])], axis=-1)
        save_volume(path, turned(SHAPE, (0.8, 0.8, 1.0), (0, 0, 0), "LPS", (0, 0, 0)), data)
    return path


class _Most:
    """The largest memory of a process, looked at often until :meth:`stop`."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> int:
        """In bytes."""
        self._over.set()
        self._thread.join()
        return self._most

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self._most = max(self._most, self._process.memory_info().rss)


def load_of_machine() -> str:
    """How busy it is, and with how many cores."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
