"""Peak memory of trainings at batch 4: the decoder on stored embeddings, and LoRA in the encoder.

Usage: python benchmarks/speed/training_memory.py [--threads N] [--json FILE]

A few steps of LiteMedSAM on a built-in sample, each training in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from samaritan.process import bind_threads, keep_heap

#: Name -> method.
METHODS = {"decoder": "decoder", "lora": "lora", "late-layers": "late-layers"}

STEPS = 3


def train(method: str, threads: int) -> float:
    """GB that the process took at most."""
    bind_threads(threads)
    keep_heap()
    from samaritan.train import TrainConfig, fit  # noqa: PLC0415 - the parent shall stay small

    config = TrainConfig(
        data=("samples/lesion-us",), method=method, batch=4, steps=STEPS, variants=2, validations=1, threads=threads
    )
    with tempfile.TemporaryDirectory() as folder:
        return fit(config, Path(folder) / "run").peak_mb / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(train(args.child, args.threads))
        return
    found = {}
    for name, method in METHODS.items():
        command = [sys.executable, __file__, "--child", method, "--threads", str(args.threads)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[name] = round(float(done.stdout.splitlines()[-1]), 2)
    print(json.dumps(found, indent=1))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
