"""Which entries of the package rest on which papers: written into ``data/papers.yaml``.

    python -m scripts.catalogue.implemented [--check]

Cards of models and methods, heads of the files of methods and prompts, and definitions of metrics name the papers by number.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from samaritan.adapt import METHODS
from samaritan.core.atomic import write_text
from samaritan.evaluate import METRICS, rater_table
from samaritan.models import MODELS
from samaritan.prompts import PROMPTS

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "samaritan" / "catalog" / "data" / "papers.yaml"

NUMBER = re.compile(r"arXiv\s(\d{4}\.\d{4,5})")


def named() -> Iterator[tuple[str, str, str, str]]:
    """(arXiv number, room, name, file) of everything that names a paper as its source."""
    for name in (name for name in MODELS.names() if not name.startswith("tiny-")):  # miniatures with random weights
        yield from _found(MODELS.get(name).card.paper, "models", name)
    for name in METHODS.names():
        head = (ROOT / _file("adapt", name)).read_text(encoding="utf-8").split('"""', maxsplit=2)[1]
        yield from _found(f"{METHODS.get(name).card.paper} {head}", "adapt", name)
    for name in PROMPTS.names():
        path = ROOT / "src" / "samaritan" / "prompts" / f"{name.replace('-', '_')}.py"
        head = path.read_text(encoding="utf-8").split('"""', maxsplit=2)[1].splitlines()[0] if path.is_file() else ""
        yield from _found(head, "prompts", name)
    for name, definition in _metrics():
        yield from _found(definition, "evaluate", name)


def written(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records with their entries of the package; raises SystemExit where a paper is missing."""
    entries: dict[str, list[dict[str, str]]] = {}
    for number, room, name, file in named():
        entries.setdefault(number, []).append({"room": room, "name": name, "file": file})
    if missing := entries.keys() - {record.get("arxiv") for record in records}:
        raise SystemExit(f"Not in the catalogue: {', '.join(sorted(missing))}.")
    return [_with(record, entries.get(record.get("arxiv", ""), [])) for record in records]


def main(check: bool) -> int:
    before = DATA.read_text(encoding="utf-8")
    after = dumped(written(yaml.safe_load(before)))
    if check:
        return int(before != after)
    write_text(DATA, after)
    return 0


def dumped(records: list[dict[str, Any]]) -> str:
    """As the file is written."""
    return yaml.safe_dump(records, allow_unicode=True, sort_keys=False, width=1000, default_flow_style=None)


def _with(record: dict[str, Any], entries: list[dict[str, str]]) -> dict[str, Any]:
    kept = {name: value for name, value in record.items() if name != "implemented"}
    return {**kept, "implemented": sorted(entries, key=lambda e: (e["room"], e["name"]))} if entries else kept


def _metrics() -> Iterator[tuple[str, str]]:
    for name in METRICS.names():
        yield name, METRICS.get(name).definition
    for row in rater_table():
        yield row["metric"], row["definition"]


def _found(text: str, room: str, name: str) -> Iterator[tuple[str, str, str, str]]:
    for number in dict.fromkeys(NUMBER.findall(text)):
        yield number, room, name, _file(room, name)


def _file(room: str, name: str) -> str:
    """The file of an entry: of its name, or of the family that its name begins with, or the one in its room that says it."""
    folder = ROOT / "src" / "samaritan" / room
    stems = re.split(r"[-.]", name)
    owns = (folder / f"{'_'.join(stems[:count])}.py" for count in range(len(stems), 0, -1))
    telling = (
        path for path in sorted(folder.glob("*.py")) if re.search(rf"[\"']{name}[\"':]", path.read_text("utf-8"))
    )
    found = next(path for path in [*owns, *telling] if path.is_file())
    return found.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where something would change")
    sys.exit(main(parser.parse_args().check))
