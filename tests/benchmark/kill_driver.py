"""Not a test: runs a benchmark, kills it at random moments, finishes it, and says whether the result is the same.

Forking before torch has worked saves the seconds that importing it costs, once per kill.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

import samaritan.benchmark.report
from samaritan.benchmark import run as run_module
from samaritan.benchmark._config import RunConfig
from samaritan.core import Geometry, LabelMap, Volume
from samaritan.datasets import Case, Dataset
from samaritan.models import load_model
from samaritan.prompts import make_prompt


def datasets(folder: Path) -> list[Dataset]:
    geometry = Geometry.from_spacing((24, 20, 4), (1, 1, 2))
    labels = np.zeros(geometry.shape, np.uint8)
    labels[3:10, 4:12, 0:3] = 1
    labels[13:21, 5:16, 1:4] = 2

    def case(number: int) -> Case:
        noise = np.random.default_rng(number).random(geometry.shape).astype(np.float32)
        source = folder / f"case{number}.bin"
        source.write_bytes(noise.tobytes())
        return Case(
            "phantoms", f"case{number}", f"case{number}", "MR", (source,),
            lambda: Volume(labels * 80 + 60 * noise, geometry, "MR"), {"reference": lambda: LabelMap(labels, geometry)},
        )  # fmt: skip

    return [Dataset("phantoms", tuple(case(n) for n in range(4)), "folders", "MR")]


def start(folder: Path, out: Path) -> int:
    """Run in a child process; its number."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            config = RunConfig(
                data=("memory",), models=("tiny-litemedsam",), prompts=("box", "points:2", "clicks:2"), threads=1
            )
            vars(run_module)["open_datasets"] = lambda *_: datasets(folder)
            code = run_module.run_benchmark(config, out, debug=True).exit_code
        finally:
            os._exit(code)
    return child


def wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path, kills: int) -> None:
    load_model("tiny-litemedsam"), make_prompt("box")  # import here, once, what every child needs
    samaritan.benchmark.report.write_report = lambda run: run / "report.html"
    began = time.monotonic()
    first = wait(start(folder, folder / "whole"))
    duration = time.monotonic() - began
    rng, done, round_ = np.random.default_rng(kills), 0, 0
    codes = []
    while done < kills:
        out = folder / f"killed{round_}"
        code = -9
        while code == -9 and done < kills:
            child = start(folder, out)
            time.sleep(float(rng.uniform(0.1, 0.9)) * duration)
            os.kill(child, signal.SIGKILL)
            code = wait(child)
            done += code == -9
        if code == -9:
            code = wait(start(folder, out))
        codes.append(code)
        round_ += 1
    json.dump({"first": first, "kills": done, "codes": codes, "duration": duration}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
