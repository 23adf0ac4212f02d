"""Kill a real benchmark at random moments, continue it each time, and compare with a run that nobody disturbed.

Usage: python benchmarks/kill_and_continue.py FOLDER [KILLS] [SEED]

Runs LiteMedSAM with three prompts on two built-in samples in FOLDER, sends SIGKILL to it KILLS times (20), each time after a
random number of seconds since its start, lets it finish, and compares every row but its times. Exit code 0 when all are equal.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

#: Fields that tell how long something took.
TIMES = ("seconds", "encode_seconds")


def command(out: Path) -> list[str]:
    prompts = ("-p", "box", "-p", "points:3", "-p", "clicks:3")
    return [
        sys.executable, "-c", "from samaritan.cli import main; main()", "benchmark", "samples/lesion-us",
        "samples/abdomen-ct", *prompts, "-o", str(out), "-q",
    ]  # fmt: skip


def rows(out: Path) -> list[dict[str, Any]]:
    """Every row without its times."""
    lines = (out / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in TIMES} for line in lines]


def finished(out: Path) -> int:
    path = out / "results.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def main(folder: Path, kills: int, seed: int) -> int:
    whole, killed = folder / "whole", folder / "killed"
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    subprocess.run(command(whole), check=True)
    duration = time.monotonic() - started
    print(f"undisturbed: {len(rows(whole))} rows in {duration:.0f} s")
    chance, done = random.Random(seed), 0  # noqa: S311 - moments, not secrets
    while done < kills:
        process = subprocess.Popen(command(killed))
        wait = chance.uniform(0.05, 0.5) * duration
        try:
            process.wait(wait)
            print(f"finished before kill {done + 1}; starting anew")
            shutil.rmtree(killed)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            done += 1
            print(f"kill {done:2d} after {wait:5.1f} s: {finished(killed)} rows are safe")
    subprocess.run(command(killed), check=True)
    equal = rows(killed) == rows(whole)
    print(f"after {kills} kills: {len(rows(killed))} rows, {'equal' if equal else 'DIFFERENT'}")
    return 0 if equal else 1


if __name__ == "__main__":
    arguments = sys.argv[1:]
    folder = Path(arguments[0])
    sys.exit(
        main(folder, int(arguments[1]) if len(arguments) > 1 else 20, int(arguments[2]) if len(arguments) > 2 else 0)
    )
