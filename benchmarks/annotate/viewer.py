"""How quick the viewer is and what it takes, with WebGL in software: the figures of the page's slices.

    python -m benchmarks.annotate.viewer [--shape 512 512 400] [--seconds 4]

Opens an int16 volume with three objects in both viewers, in Debian's Chromium without a graphics card, and prints a table.
Memory is the proportional set size of the tab's process and of the browser's graphics process, which holds the textures.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]  # ships no types

from benchmarks.annotate.viewing import Site, missing, write_case
from benchmarks.chromium import launched

#: What changes before each frame; see the page's ``count``.
TURNS = {
    "slices/s, one plane": "one",
    "slices/s, three planes": "three",
    "windows/s": "window",
    "patches/s": "patch",
}


def main(shape: tuple[int, int, int], seconds: float) -> int:
    if reason := missing():
        raise SystemExit(f"{reason}.")
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder) / "site") as site:
        _write_volume(site.cases, shape)
        columns = {name: _measure(site, name, seconds) for name in ("niivue", "canvas")}
    print(f"int16, {' x '.join(map(str, shape))}, window of 1280 x 800\n")
    print("| what | niivue | canvas |\n|---|---|---|")
    for row in columns["niivue"]:
        print(f"| {row} | {columns['niivue'][row]} | {columns['canvas'][row]} |")
    return 0


def _write_volume(folder: Path, shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    slab = rng.integers(-1000, 1000, (*shape[:2], 8)).astype(np.int16)
    voxels = np.tile(slab, (1, 1, -(-shape[2] // 8)))[..., : shape[2]]
    labels = np.zeros(shape, np.uint8)
    for number in (1, 2, 3):
        low = [n * number // 5 for n in shape]
        labels[low[0] : low[0] + shape[0] // 4, low[1] : low[1] + shape[1] // 4, low[2] : low[2] + shape[2] // 3] = (
            number
        )
    write_case(folder, "volume", voxels, np.diag([0.7, 0.7, 1.0, 1.0]), labels)


def _measure(site: Site, name: str, seconds: float) -> dict[str, str]:
    with launched() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        found = {}
        began = time.perf_counter()
        page.goto(site.url(name))
        page.wait_for_selector("html[data-ready]")
        found["page and viewer ready, s"] = f"{time.perf_counter() - began:.1f}"
        began = time.perf_counter()
        page.evaluate("harness.open('volume')")
        page.evaluate("harness.frame()")
        found["volume open, s"] = f"{time.perf_counter() - began:.1f}"
        page.evaluate("harness.viewer.setColours(new Map([[1, '#e69f00'], [2, '#56b4e9'], [3, '#009e73']]))")
        page.evaluate("harness.viewer.setLook({ opacity: 0.4, outline: true, smooth: false })")
        for what, turn in TURNS.items():
            before = _work()
            rate = page.evaluate("([turn, s]) => harness.count(turn, s)", [turn, seconds])
            work = (_work() - before) / (rate * seconds)
            found[what] = f"{rate:.0f} ({work * 1000:.0f} ms of work each)"
        page.evaluate("harness.viewer.setLayout('three')")
        time.sleep(2)  # what was only needed for loading is collected
        for kind, size in _memory().items():
            found[f"{kind}, MB"] = f"{size / 1e6:.0f}"
        chromium.close()
    return found


def _memory() -> dict[str, int]:
    """Proportional set sizes of the tab and of the graphics process, and the most that the tab ever had in memory."""
    sizes = {"tab": 0, "tab at most": 0, "graphics": 0}
    for process, command in _processes():
        if "--type=renderer" in command:
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
            sizes["tab at most"] = max(sizes["tab at most"], peak * 1024)
            sizes["tab"] = max(sizes["tab"], process.memory_full_info().pss)
        elif "--type=gpu-process" in command:
            sizes["graphics"] = process.memory_full_info().pss
    return sizes


def _work() -> float:
    """Seconds of processor time that the browser has taken; unlike rates, they hardly depend on what else is running."""
    times = [process.cpu_times() for process, _ in _processes()]
    return float(sum(one.user + one.system for one in times))


def _processes() -> list[tuple[psutil.Process, str]]:
    """Of the browser that this process started, with their command lines."""
    return [(one, command) for one in psutil.Process().children(recursive=True) if (command := " ".join(one.cmdline()))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", type=int, nargs=3, default=(512, 512, 400))
    parser.add_argument("--seconds", type=float, default=4)
    given = parser.parse_args()
    raise SystemExit(main(tuple(given.shape), given.seconds))
