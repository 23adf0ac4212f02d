"""Kill a real training at random moments, continue it each time, and compare with a training that nobody disturbed.

Usage: python benchmarks/kill_training.py FOLDER [KILLS] [SEED]

Adapts LiteMedSAM to a built-in sample in FOLDER, sends SIGKILL to it KILLS times (30), each time after a random number of
seconds since its start, lets it finish, and compares adapter and log, bit for bit. Exit code 0 when they are equal.
"""

from __future__ import annotations

import csv
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

#: Columns of the log that tell how long something took or what it needed.
CLOCK = ("minutes", "seconds_per_step", "peak_mb")


def command(out: Path) -> list[str]:
    return [sys.executable, __file__, "--child", str(out)]


def train(out: Path) -> None:
    """In a process of its own, until it is killed."""
    from samaritan.train import TrainConfig, fit  # noqa: PLC0415 - the parent needs no torch

    config = TrainConfig(
        data=("samples/lesion-us",), method="decoder", prompts=("box:jitter=0.05", "clicks:2"), batch=2, steps=16, variants=4,
        checkpoint_steps=2, validations=4, max_validation=2, threads=1,
    )  # fmt: skip
    fit(config, out)


def rows(out: Path) -> list[dict[str, str]]:
    """The log without its clock."""
    path = out / "log.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return [{name: cell for name, cell in row.items() if name not in CLOCK} for row in csv.DictReader(stream)]


def same(one: Path, other: Path) -> bool:
    from safetensors.numpy import load_file  # noqa: PLC0415

    first, second = (load_file(out / "adapter.safetensors") for out in (one, other))
    equal = first.keys() == second.keys() and all(first[n].tobytes() == second[n].tobytes() for n in first)
    return equal and rows(one) == rows(other)


def main(folder: Path, kills: int, seed: int) -> int:
    whole, killed = folder / "whole", folder / "killed"
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    subprocess.run(command(whole), check=True)
    duration = time.monotonic() - started
    print(f"undisturbed: {len(rows(whole))} rows in {duration:.0f} s")
    chance, done, right = random.Random(seed), 0, True  # noqa: S311 - moments, not secrets
    while done < kills:
        process = subprocess.Popen(command(killed))
        wait = chance.uniform(0.05, 0.6) * duration
        try:
            process.wait(wait)
            right &= same(killed, whole)
            print(f"finished before kill {done + 1}, {'equal' if right else 'DIFFERENT'}; starting anew")
            shutil.rmtree(killed)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            done += 1
            kept = sorted(path.name for path in killed.glob("checkpoints/checkpoint-*"))
            print(
                f"kill {done:2d} after {wait:5.1f} s: {len(rows(killed))} rows, {', '.join(kept) or 'no checkpoint yet'}"
            )
    subprocess.run(command(killed), check=True)
    right &= same(killed, whole)
    print(f"after {kills} kills: {len(rows(killed))} rows, {'equal' if right else 'DIFFERENT'}")
    return 0 if right else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        train(Path(sys.argv[2]))
        sys.exit()
    numbers = [int(text) for text in sys.argv[2:]]
    sys.exit(main(Path(sys.argv[1]), *(numbers + [30, 0][len(numbers) :])))
