"""What the speed scripts share: arguments, rounds that interleave the variants, and the peak of matrix products beside them."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

#: Side of the square matrices of the peak.
SIDE = 2048


def arguments(
    description: str, rounds: int, more: Callable[[argparse.ArgumentParser], None] | None = None
) -> argparse.Namespace:
    """--threads, --rounds, --json and ``more``; threads are bound before torch is imported, and the heap is kept."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    if more is not None:
        more(parser)
    found = parser.parse_args()

    from samaritan.process import bind_threads, keep_heap  # noqa: PLC0415 - before torch

    bind_threads(found.threads)
    keep_heap()
    import torch  # noqa: PLC0415

    torch.set_num_threads(found.threads)
    return found


def rounds(
    variants: Mapping[str, Callable[[], object]], count: int, clock: Callable[[], float] = time.process_time
) -> dict[str, list[float]]:
    """Seconds of each variant in each round; a round runs all, beginning with another one each time.

    Processor seconds bear a busy machine best. Runtimes that wait actively for their next job need the clock on the wall.
    """
    for run in variants.values():
        run()
    names, spent = list(variants), {name: [] for name in variants}
    for number in range(count):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            started = clock()
            variants[name]()
            spent[name].append(clock() - started)
    return spent


def gemm() -> tuple[Callable[[], object], float]:
    """A matrix product in single precision, and how many billion operations it takes."""
    import torch  # noqa: PLC0415

    one, other = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
    return lambda: one @ other, 2 * SIDE**3 / 1e9


def ratio(spent: Mapping[str, list[float]], name: str, other: str) -> float:
    """Median over the rounds of the time of ``name`` over that of ``other``."""
    return statistics.median(a / b for a, b in zip(spent[name], spent[other], strict=True))


def pictures() -> Any:
    """A built-in computed tomography of the abdomen, as the network sees its middle slice: (x, y, 3) in 0..255."""
    import samaritan as sam  # noqa: PLC0415
    from samaritan.predict.volume import VolumePredictor  # noqa: PLC0415

    case = sam.open_datasets(["samples/abdomen-ct"])[0].cases[0]
    predictor = VolumePredictor(sam.load_model("litemedsam"), case.read_image(), modality=case.modality)
    return predictor.segmenter, predictor.picture(predictor.view.count // 2)


def report(figures: Mapping[str, Any], path: Path | None) -> None:
    """Print, and write where a path is given."""
    print(json.dumps(figures, indent=1))
    if path is not None:
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
