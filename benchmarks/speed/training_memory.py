"""Peak memory of trainings at batch 4: the decoder on stored embeddings; LoRA in all blocks, also with gradient checkpointing.

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

#: Name -> method, and whether the encoder is computed again in the backward pass.
TRAININGS = {
    "decoder": ("decoder", False),
    "lora": ("lora", False),
    "lora_checkpointing": ("lora", True),
    "late-layers": ("late-layers", False),
}

STEPS = 3


def train(name: str, threads: int) -> float:
    """GB that the process took at most."""
    bind_threads(threads)
    keep_heap()
    from samaritan.train import TrainConfig, fit  # noqa: PLC0415 - the parent shall stay small

    method, checkpointing = TRAININGS[name]
    config = TrainConfig(
        data=("samples/lesion-us",), method=method, batch=4, steps=STEPS, variants=2, validations=1, threads=threads,
        gradient_checkpointing=checkpointing,
    )  # fmt: skip
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
    for name in TRAININGS:
        command = [sys.executable, __file__, "--child", name, "--threads", str(args.threads)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[name] = round(float(done.stdout.splitlines()[-1]), 2)
    print(json.dumps(found, indent=1))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
