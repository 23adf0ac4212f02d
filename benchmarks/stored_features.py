"""How much faster a step is when what lies below the first trained part was stored, instead of encoding the pictures again.

Usage: python benchmarks/stored_features.py [--rounds N] [--json FILE]

Trains the mask decoder of LiteMedSAM, and its late layers, on a built-in sample; steps with stored features and steps that
encode take turns (N, 5, each), so that a busy machine slows both. Prints medians in seconds and the median of the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from samaritan.process import keep_heap
from samaritan.train import TrainConfig
from samaritan.train._folder import TrainFolder
from samaritan.train._prepare import Preparation
from samaritan.train._progress import Silent

#: Method and settings.
METHODS: tuple[tuple[str, dict[str, Any]], ...] = (("decoder", {}), ("late-layers", {"blocks": "last:2"}))


def measure(method: str, settings: dict[str, Any], rounds: int) -> tuple[float, float, float]:
    """Seconds of a step with stored features, of a step that encodes, and the median ratio."""
    config = TrainConfig(
        data=("samples/lesion-us",), method=method, settings=settings, batch=4, steps=10**6, variants=1, validations=1
    )
    with tempfile.TemporaryDirectory() as folder:
        loop = Preparation(config, TrainFolder(Path(folder)), Accelerator(cpu=True), Silent()).prepare(force=True).loop
        stored = loop.trunk.features
        times: dict[str, list[float]] = {"stored": [], "encoded": []}
        for number in range(-2, rounds):  # two rounds to warm up, which also fill the store
            for name, source in (("stored", stored), ("encoded", loop.trunk.compute)):
                loop.trunk.features = source  # type: ignore[method-assign]
                started = time.perf_counter()
                loop._train_step()
                if number >= 0:
                    times[name].append(time.perf_counter() - started)
        loop.table.close()
    ratios = [slow / fast for fast, slow in zip(times["stored"], times["encoded"], strict=True)]
    return statistics.median(times["stored"]), statistics.median(times["encoded"]), statistics.median(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    keep_heap()
    found = {}
    for method, settings in METHODS:
        fast, slow, ratio = measure(method, settings, args.rounds)
        found[method] = {"stored_seconds": round(fast, 2), "encoded_seconds": round(slow, 2), "ratio": round(ratio, 1)}
    print(json.dumps(found, indent=1))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
