"""From a prompt to its mask: seconds through the model process, without a server.

    python -m benchmarks.annotate.prompt_latency [--model litemedsam] [--runtime auto] [--repeats 50] [--threads 2]

Makes a CT-like volume of 512 x 512 x 400 int16 (200 MB) in a temporary folder, asks about its slices through
:class:`samaritan.annotate.engine.Engine`, without stored embeddings, and prints a Markdown table: prompts on a slice that is
encoded, the first prompt on a new slice, on one that was looked at before, what the pipe adds to the model's own time, a slice
question in the middle of a propagation, and the memory of the process. The machine's load stands above it, as all times
depend on it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import psutil

from samaritan.annotate.engine import Engine, EngineSettings
from samaritan.annotate.engine.requests import Attention, ImageRef, SliceAnswer, SliceQuestion, VolumeQuestion
from samaritan.core import Box, Points, PromptSet

SHAPE = (512, 512, 400)
BOX = PromptSet(box=Box((150, 160), (330, 350)))
CLICK = PromptSet(Points([[240, 250]], [1]))


def make_volume(folder: Path) -> Path:
    """A bright ellipsoid in noise, in Hounsfield units."""
    rng = np.random.default_rng(0)
    data = rng.integers(-80, 20, SHAPE, dtype=np.int16)
    x, y = np.indices(SHAPE[:2])
    for k in range(SHAPE[2]):
        radius = 90 * max(1 - ((k - 200) / 190) ** 2, 0) ** 0.5
        data[..., k][(x - 240) ** 2 + (y - 255) ** 2 <= radius**2] += 150
    path = folder / "volume.nii"
    nib.save(nib.Nifti1Image(data, np.diag([-0.8, -0.8, 1.5, 1.0])), path)  # type: ignore[no-untyped-call]
    return path


def row(what: str, seconds: list[float]) -> str:
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return f"| {what} | {len(seconds)} | {p50:.0f} | {p95:.0f} |"


class Measure:
    """Asks and takes the time."""

    def __init__(self, engine: Engine, image: ImageRef) -> None:
        self.engine = engine
        self.image = image

    async def ask(self, index: int, prompts: PromptSet = BOX, *, several: bool = True) -> tuple[float, SliceAnswer]:
        """Wall-clock seconds and the answer."""
        started = time.perf_counter()
        answer = await self.engine.ask(SliceQuestion(self.image, "axial", index, prompts, several=several))
        return time.perf_counter() - started, answer

    async def looked_at(self, index: int) -> float:
        """The prompt comes a second after the look."""
        self.engine.attend(Attention(self.image, "axial", index))
        await asyncio.sleep(1.0)
        return (await self.ask(index))[0]

    async def amid(self, repeats: int) -> list[float]:
        """Slice questions while a propagation runs; the slices were asked before."""
        work = asyncio.create_task(self.engine.propagate(VolumeQuestion(self.image, "axial", {200: BOX}, lane="long")))
        seconds = []
        while len(seconds) < repeats and not work.done():
            await asyncio.sleep(0.3)
            seconds.append((await self.ask(200))[0])
        self.engine.cancel("long")
        await asyncio.gather(work, return_exceptions=True)
        return seconds


async def measure(settings: EngineSettings, path: Path, repeats: int) -> None:
    engine = Engine(settings)
    started = time.perf_counter()
    await engine.start()
    spawned = time.perf_counter() - started
    await engine.ready()
    ready, process = time.perf_counter() - started, psutil.Process(engine.pid)
    idle = process.memory_info().rss
    of = Measure(engine, ImageRef("volume", path, modality="CT"))
    opened, _ = await of.ask(200)
    print(
        f"process started in {spawned:.2f} s, model ready in {ready:.1f} s, first answer of the volume in {opened:.1f} s\n"
    )
    print("| what | times | p50 ms | p95 ms |\n| --- | ---: | ---: | ---: |")
    kept = [await of.ask(200) for _ in range(repeats)]
    print(row("box, encoded slice, with candidates", [wall for wall, _ in kept]))
    single = [await of.ask(200, several=False) for _ in range(repeats)]
    print(row("box, encoded slice, single answer (preview)", [wall for wall, _ in single]))
    clicked = [await of.ask(200, CLICK) for _ in range(max(repeats // 5, 1))]
    print(row("click, encoded slice", [wall for wall, _ in clicked]))
    print(row("the pipe's part of these", [wall - answer.seconds for wall, answer in (*kept, *single, *clicked)]))
    few = max(repeats // 5, 1)
    print(row("box, first on a new slice", [(await of.ask(k))[0] for k in range(20, 20 + 4 * few, 4)]))
    print(row("box, slice looked at for 1 s", [await of.looked_at(k) for k in range(220, 220 + 8 * few, 8)]))
    print(row("box, encoded slice, during a propagation", await of.amid(few)))
    now, peak = process.memory_info().rss, peak_rss(process.pid)
    print(f"\nmemory of the process: {idle / 1e6:.0f} MB when ready, {now / 1e6:.0f} MB now, {peak / 1e6:.0f} MB at most, "
          f"for {np.prod(SHAPE) * 2 / 1e6:.0f} MB of voxels")  # fmt: skip
    await engine.stop()


def peak_rss(pid: int) -> int:
    """Bytes; Linux only."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="litemedsam")
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--repeats", type=int, default=50)
    args = parser.parse_args()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{args.model} on {args.runtime}; {os.cpu_count()} cores, load {load}")
    settings = EngineSettings(args.model, runtime=args.runtime, threads=args.threads, cache=False)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(settings, make_volume(Path(folder)), args.repeats))


if __name__ == "__main__":
    main()
