"""The annotator under load: every figure of docs/annotate-load.md.

    python -m benchmarks.annotate.load FOLDER [--only start user crowd large] [--model litemedsam] [--write]

Starts the real server on images made in FOLDER, on this machine's loopback, and measures it as one user, as eight, with more
prompts than its queue holds, with sockets, and with a large volume. Prints a table of targets and figures; with ``--write`` it
becomes the page. Times depend on what else the machine does, so its load stands beside them. Exit code 0 where every target is
met.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from pathlib import Path

from benchmarks.annotate.loads import Load, Plan, Row
from benchmarks.annotate.loads.crowd import crowd
from benchmarks.annotate.loads.size import large_volume, load_of_machine, start
from benchmarks.annotate.loads.user import one_user
from samaritan.models._source import cache_folder

PAGE = Path(__file__).resolve().parents[2] / "docs" / "annotate-load.md"

LOADS: dict[str, Load] = {"start": start, "user": one_user, "crowd": crowd, "large": large_volume}

HEAD = """# The annotator under load

Every figure is printed by one command, on images that it makes, against the real server on loopback:

<!-- not run: minutes on a quiet machine -->
```bash
python -m benchmarks.annotate.load FOLDER --seconds {seconds:.0f} --write
```

{machine}
Model: `{model}`. Times are those of a client on the same machine, so its own work counts, too.

"""


def table(rows: list[Row]) -> str:
    """Markdown."""
    lines = [f"| {row.what} | {row.target} | {row.measured} | {_mark(row.met)} |" for row in rows]
    return "\n".join(["| what | target | measured | met |", "|---|---|---|---|", *lines, ""])


def _mark(met: bool | None) -> str:
    return {True: "yes", False: "**no**", None: ""}[met]


def main(plan: Plan, only: list[str], write: bool) -> int:
    shutil.rmtree(plan.folder, ignore_errors=True)
    _own_embeddings(plan.folder / "cache")
    rows: list[Row] = []
    loads = []
    for name in only:
        loads.append(load_of_machine())
        found = LOADS[name](plan)
        print(table(found), flush=True)
        rows += found
    machine = (
        f"Machine: {platform.machine()}, {loads[0]} before the first figure, {load_of_machine()} after the last one."
    )
    text = HEAD.format(machine=machine, model=plan.model, seconds=plan.seconds) + table(rows)
    print(text)
    if write:
        PAGE.write_text(text, encoding="utf-8")
    return 0 if all(row.met is not False for row in rows) else 1


def _own_embeddings(cache: Path) -> None:
    """A slice that an earlier run has encoded would not be new: weights and runtimes are the user's, embeddings are not."""
    cache.mkdir(parents=True)
    for name in ("weights", "runtimes"):
        if (kept := cache_folder() / name).is_dir():
            (cache / name).symlink_to(kept.resolve())
    os.environ["SAMARITAN_CACHE"] = str(cache)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=list(LOADS), default=list(LOADS))
    parser.add_argument("--model", default="litemedsam")
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=600.0, help="for which eight users work")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    sys.exit(main(Plan(chosen.folder, chosen.model, chosen.repeats, chosen.seconds), chosen.only, chosen.write))
