"""A run folder on disk: what is finished stays, what a kill left half-written goes.

``results.jsonl`` and ``previews.jsonl`` are appended case by case; ``cases.jsonl`` then gets one line for the case under that
model. Whatever has no line there (the process died in between), failed, or was measured on files that have changed since is
dropped when the folder is opened again, and measured anew.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from samaritan.benchmark._case import Outcome
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._preview import GALLERY
from samaritan.benchmark._row import KEY, UNADAPTED, Row
from samaritan.core import InputError, ResourceError, exclusive, write_bytes, write_text

#: What is measured in one go.
Unit = tuple[str, str, str, str]

#: Fields that name a unit.
UNIT = ("dataset", "case_id", "model", "adaptation")

CONFIG, RESULTS, PREVIEWS, CASES = "config.yaml", "results.jsonl", "previews.jsonl", "cases.jsonl"

#: Folder of what is needed until a case is done.
EMBEDDINGS = ".embeddings"

#: Without these a line is not one of ours.
_NEEDED = {
    RESULTS: frozenset(KEY), PREVIEWS: frozenset(["key"]),
    CASES: frozenset(["dataset", "case_id", "model", "encode_calls"]),
}  # fmt: skip

#: Everything that a run writes, and so what ``overwrite`` removes.
FILES = (
    CONFIG, RESULTS, PREVIEWS, CASES,
    "results.csv", "results.parquet", "summary.json", "provenance.json", "report.html",
)  # fmt: skip


class RunFolder:
    """The files of one run, held by one process.

    Attributes:
        path: the folder.
        finished: unit -> its line in cases.jsonl, for everything that needs no more work.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.finished: dict[Unit, dict[str, Any]] = {}
        self._pictures: set[str] = set()

    @classmethod
    @contextmanager
    def open(cls, path: Path, config: RunConfig, *, overwrite: bool = False) -> Iterator[RunFolder]:
        """Hold the folder of a new run, or of an earlier one with the same settings.

        Raises:
            InputError: the folder holds a run with other settings, or files that are no run.
            ResourceError: another process holds it, or it cannot be written.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResourceError(f"Could not make the run folder {path}: {error.strerror or error}.") from error
        with exclusive(path / ".lock"):
            for torn in [*path.glob(".tmp-*"), *(path / GALLERY).glob(".tmp-*")]:
                torn.unlink()  # what a kill in the middle of an atomic write leaves
            shutil.rmtree(path / EMBEDDINGS, ignore_errors=True)
            if overwrite:
                _clear(path)
            _check_config(path, config)
            try:
                yield cls(path)
            finally:
                shutil.rmtree(path / EMBEDDINGS, ignore_errors=True)

    def recover(self, fingerprint: Callable[[Unit], str | None]) -> None:
        """Take over what an earlier run finished; ``fingerprint`` tells what a unit's files hold now (None: not readable)."""
        rows = read_lines(self.path / RESULTS)
        counts = Counter(unit_of(row) for row in rows)
        for mark in read_lines(self.path / CASES):
            unit, now = unit_of(mark), fingerprint(unit_of(mark))
            whole = mark.get("status") == "ok" and counts[unit] == mark.get("rows")
            if whole and now is not None and mark.get("fingerprint") == now:
                self.finished[unit] = mark
        self._rewrite(RESULTS, (row for row in rows if unit_of(row) in self.finished))
        previews = read_lines(self.path / PREVIEWS)
        self._rewrite(PREVIEWS, (line for line in previews if _unit_of_preview(line) in self.finished))
        self._rewrite(CASES, self.finished.values())

    def record(self, unit: Unit, outcome: Outcome, fingerprint: str | None) -> None:
        """Store what a unit brought: pictures, previews, rows and, last of all, the line that says it is finished.

        Raises:
            ResourceError: the disk is full or not writable; results.jsonl is as it was before.
        """
        for name in outcome.pictures.keys() - self._pictures:
            write_bytes(self.path / name, outcome.pictures[name])
            self._pictures.add(name)
        append(self.path / PREVIEWS, outcome.previews)
        append(self.path / RESULTS, outcome.rows)
        status = "failed" if outcome.failed else "ok"
        mark = {
            "status": status, "rows": len(outcome.rows), "encode_calls": outcome.encode_calls, "fingerprint": fingerprint,
            "warnings": list(outcome.warnings),
        }  # fmt: skip
        append(self.path / CASES, [dict(zip(UNIT, unit, strict=True)) | mark])

    def rows(self) -> list[Row]:
        """All rows, as they are stored."""
        return read_lines(self.path / RESULTS)  # type: ignore[return-value]

    def sort(self, units: Sequence[Unit]) -> None:
        """Bring the lines into the order of the plan, which retried cases have left."""
        rank = {unit: number for number, unit in enumerate(units)}
        for name in (RESULTS, CASES):
            self._rewrite(name, sorted(read_lines(self.path / name), key=lambda line: rank[unit_of(line)]))
        previews = read_lines(self.path / PREVIEWS)
        self._rewrite(PREVIEWS, sorted(previews, key=lambda line: rank[_unit_of_preview(line)]))

    def _rewrite(self, name: str, lines: Iterable[Any]) -> None:
        path, content = self.path / name, "".join(map(_line, lines))
        if path.exists() and path.read_bytes() != content.encode():
            write_text(path, content)


def unit_of(line: Any) -> Unit:
    """The unit that a row or a line of cases.jsonl belongs to."""
    return line["dataset"], line["case_id"], line["model"], line.get("adaptation", UNADAPTED)


def _unit_of_preview(line: Any) -> Unit:
    return unit_of(dict(zip(KEY, line["key"], strict=True)))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file; lines that a kill or a full disk cut short, or that no run wrote, are left out."""
    needed = _NEEDED.get(path.name, frozenset())
    if not path.exists():
        return []
    lines = []
    for text in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and line.keys() >= needed:
            lines.append(line)
    return lines


def append(path: Path, lines: Sequence[Any]) -> None:
    """Append JSON lines in one write and wait until they are on disk; on failure the file is as it was.

    Raises:
        ResourceError: they could not be written.
    """
    content = memoryview("".join(map(_line, lines)).encode())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            before = os.fstat(handle).st_size
            try:
                while content:
                    content = content[os.write(handle, content) :]
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, before)
                raise
        finally:
            os.close(handle)
    except OSError as error:
        raise ResourceError(
            f"Could not write {path}: {error.strerror or error}; finished cases are kept, run again to continue."
        ) from error


def _line(content: Any) -> str:
    return json.dumps(content, allow_nan=False, separators=(",", ":")) + "\n"


def _clear(path: Path) -> None:
    for name in FILES:
        (path / name).unlink(missing_ok=True)
    for picture in (path / GALLERY).glob("*.png"):
        picture.unlink()


def _check_config(path: Path, config: RunConfig) -> None:
    file = path / CONFIG
    if not file.exists():
        strangers = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
        if strangers and set(strangers) != {GALLERY}:
            raise InputError(
                f"{path} holds files that are no run ({', '.join(strangers[:3])}); choose a new or an empty folder."
            )
        config.write(file)
        return
    if names := config.differences(RunConfig.read(file)):
        raise InputError(
            f"{path} holds a run with other settings ({', '.join(names)}); choose another folder, give the same settings to "
            "continue it, or pass --overwrite to start anew."
        )
