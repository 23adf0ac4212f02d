"""Compare the memory that is foreseen for a training with the memory that it takes.

Usage: python benchmarks/forecast_memory.py [STEPS]

Trains LiteMedSAM on a built-in sample for STEPS steps (6) in a process of its own for each setting, and prints a table. Exit
code 0 when every forecast is within 20 % of the measured peak.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

#: Method, pictures in a step, further settings.
SETTINGS: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("decoder", 4, {}),
    ("lora", 2, {}),
    ("full", 1, {}),
    ("lora", 4, {"precision": "bf16"}),
)

#: Largest difference that is allowed, as a share of what was measured.
ALLOWED = 0.2


def train(method: str, batch: int, more: dict[str, Any], steps: int) -> dict[str, Any]:
    """In this process: forecast, train, measure."""
    from accelerate import Accelerator  # noqa: PLC0415 - the parent shall stay small

    from samaritan.process import keep_heap  # noqa: PLC0415
    from samaritan.train import TrainConfig  # noqa: PLC0415
    from samaritan.train._folder import TrainFolder  # noqa: PLC0415
    from samaritan.train._prepare import Preparation  # noqa: PLC0415
    from samaritan.train._progress import Silent  # noqa: PLC0415
    from samaritan.train.forecast import forecast  # noqa: PLC0415

    keep_heap()  # as the command line does, which changes the peak
    config = TrainConfig(
        data=("samples/lesion-us",), method=method, batch=batch, steps=steps, variants=4, validations=1, **more
    )
    with tempfile.TemporaryDirectory() as folder:
        loop = Preparation(config, TrainFolder(Path(folder)), Accelerator(cpu=True), Silent()).prepare(force=False).loop
        found = forecast(loop, pictures=100)
        loop.run()
        loop.table.close()
    measured = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "forecast": found.peak_mb,
        "measured": measured,
        "minutes": found.minutes,
        "took": loop.state.seconds / 60,
        "parts": found.parts,
    }


def main(steps: int) -> int:
    print("method     batch  precision  forecast MB  measured MB   error  minutes   took")
    right = True
    for method, batch, more in SETTINGS:
        command = [sys.executable, __file__, "--child", json.dumps([method, batch, more, steps])]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        error = found["forecast"] / found["measured"] - 1
        right &= abs(error) <= ALLOWED
        print(
            f"{method:<10}{batch:>6}{more.get('precision', 'fp32'):>11}{found['forecast']:>13.0f}{found['measured']:>13.0f}"
            f"{error:>+8.1%}{found['minutes']:>9.2f}{found['took']:>7.2f}"
        )
    return 0 if right else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(train(*json.loads(sys.argv[2]))))
        sys.exit()
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 6))
