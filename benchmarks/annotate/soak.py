"""Label for a long time, and see whether the annotator's memory, handles and threads stay where they were.

    python -m benchmarks.annotate.soak FOLDER [--minutes 20] [--volumes 50] [--model litemedsam] [--seed 0]

A scripted person (:mod:`benchmarks.annotate.person`) makes random edits of small volumes, made in FOLDER, as fast as they are
answered. Server and model process are looked at once a second. After a warm-up, the first half of the time, the median of the
next eighth is compared with that of the last eighth: drift of memory, handles and threads must be less than 5 %. At the end
every case must be as it was acknowledged, the temporary folder empty, and the store of embeddings within its size. Exit code 0
where all of that holds. One minute (``--minutes 1``) says whether the command works, not whether memory is flat.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types

from benchmarks.annotate.person import Person
from benchmarks.annotate.pictures import small_volumes
from benchmarks.annotate.server import Server

#: Most of the drift after warm-up.
DRIFT = 0.05

#: Size of the store of embeddings; small, so that it is full soon.
STORE_GB = 0.05

#: Threads and handles that come and go with single requests.
SLACK = 3


@dataclass(frozen=True)
class Sample:
    """A process at one moment: resident memory in MiB, open handles, threads."""

    memory: float
    handles: float
    threads: float

    @classmethod
    def of(cls, process: psutil.Process) -> Sample:
        """Now."""
        with process.oneshot():
            return cls(process.memory_info().rss / 2**20, process.num_fds(), process.num_threads())


def drift(samples: Sequence[Sample]) -> tuple[Sample, Sample]:
    """Medians after the warm-up, and at the end."""
    eighth = max(len(samples) // 8, 1)
    half = len(samples) // 2
    return _median(samples[half : half + eighth]), _median(samples[-eighth:])


def is_flat(before: Sample, after: Sample) -> bool:
    """Whether nothing grew by more than 5 %; of handles and threads a few come and go."""
    rest = all(
        new <= old * (1 + DRIFT) + SLACK for old, new in zip(astuple(before)[1:], astuple(after)[1:], strict=True)
    )
    return after.memory <= before.memory * (1 + DRIFT) and rest


def size_gb(folder: Path) -> float:
    """Of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e9


def soak(server: Server, minutes: float, seed: int) -> tuple[Person, list[Sample], list[Sample]]:
    """Label, and look at both processes once a second."""
    server.await_model()
    model = server.model_process()
    if model is None:
        raise RuntimeError("There is no model process to look at.")
    own, samples, others = psutil.Process(server.pid), [], []
    person = Person(server.client(), seed)
    end, look = time.monotonic() + 60 * minutes, 0.0
    while time.monotonic() < end:
        person.act()
        if time.monotonic() >= look:
            samples.append(Sample.of(own))
            others.append(Sample.of(model))
            look = time.monotonic() + 1
    person.check_all()
    return person, samples, others


def main(folder: Path, minutes: float, volumes: int, model: str, seed: int) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    small_volumes(folder / "images", volumes)
    temporary, store = folder / "tmp", folder / "store"
    temporary.mkdir()
    environment = {
        "TMPDIR": str(temporary), "SAMARITAN_CACHE": str(store), "SAMARITAN_EMBEDDINGS_GB": str(STORE_GB)
    }  # fmt: skip
    with Server(folder / "images", folder / "out", model=model, environment=environment) as server:
        person, *both = soak(server, minutes, seed)
        code = server.stop()
    left = [path.name for path in temporary.iterdir()]
    stored = size_gb(store / "embeddings") if (store / "embeddings").is_dir() else 0.0
    print(f"{person.done.total()} edits of {len(person.opened)} volumes in {minutes:g} min; exit code {code}")
    fine = not left and stored <= STORE_GB and code == 0
    for name, samples in zip(("server", "model process"), both, strict=True):
        before, after = drift(samples)
        fine &= is_flat(before, after)
        print(
            f"{name}: {before.memory:.0f} -> {after.memory:.0f} MiB ({100 * (after.memory / before.memory - 1):+.1f} %), "
            f"{before.handles:g} -> {after.handles:g} handles, {before.threads:g} -> {after.threads:g} threads"
        )
    print(f"temporary folder: {', '.join(left) or 'empty'}; stored embeddings: {stored:.3f} of {STORE_GB} GB")
    print("flat" if fine else "NOT FLAT")
    return 0 if fine else 1


def _median(samples: Sequence[Sample]) -> Sample:
    return Sample(*(statistics.median(column) for column in zip(*(astuple(one) for one in samples), strict=True)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--volumes", type=int, default=50)
    parser.add_argument("--model", default="litemedsam")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    sys.exit(main(chosen.folder, chosen.minutes, chosen.volumes, chosen.model, chosen.seed))
