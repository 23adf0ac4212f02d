"""What a run folder holds, read for the report."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from samaritan.benchmark._folder import CASES, CONFIG, PREVIEWS, RESULTS, Unit, read_lines, unit_of
from samaritan.benchmark._provenance import FILE as PROVENANCE
from samaritan.benchmark._row import Row, key
from samaritan.benchmark.statistics import read_rows
from samaritan.core import FormatError, InputError


@dataclass(frozen=True)
class Run:
    """The files of a run folder, parsed; what is missing is empty.

    Attributes:
        folder: the run folder.
        rows: lines of results.jsonl.
        config: of config.yaml.
        provenance: of provenance.json.
        previews: values of KEY -> line of previews.jsonl.
        encode_calls: (data set, case, model, adaptation) -> number of slices that were encoded.
        warnings: (data set, sentence) -> number of cases that it was said of.
    """

    folder: Path
    rows: list[Row]
    config: dict[str, Any]
    provenance: dict[str, Any]
    previews: dict[tuple[Any, ...], dict[str, Any]]
    encode_calls: dict[Unit, int]
    warnings: dict[tuple[str, str], int]

    @classmethod
    def read(cls, folder: Path | str) -> Run:
        """Read a run folder.

        Raises:
            InputError: there is no such folder, or nothing of a run in it.
            FormatError: a file is damaged; a last line that a kill cut short is left out.
        """
        folder = Path(folder)
        if not any((folder / name).is_file() for name in (CONFIG, RESULTS, PROVENANCE)):
            raise InputError(f"{folder} is not a run folder: it holds neither config.yaml nor results.jsonl.")
        cases = read_lines(folder / CASES)
        return cls(
            folder,
            read_rows(folder) if (folder / RESULTS).is_file() else [],
            _mapping(folder / CONFIG),
            _mapping(folder / PROVENANCE),
            {tuple(line["key"]): line for line in read_lines(folder / PREVIEWS)},
            {unit_of(line): int(line["encode_calls"]) for line in cases},
            Counter((str(line["dataset"]), str(text)) for line in cases for text in line.get("warnings", ())),
        )

    def preview(self, row: Row) -> dict[str, Any] | None:
        """The preview of a row whose picture is there, or None."""
        preview = self.previews.get(key(row))
        return preview if preview and self.picture(preview) else None

    def picture(self, preview: dict[str, Any]) -> Path | None:
        """The picture's path; None when it is absent or would lie outside the run folder."""
        path = (self.folder / str(preview["picture"])).resolve()
        return path if path.is_file() and path.is_relative_to(self.folder.resolve()) else None


def _mapping(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FormatError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    return content if isinstance(content, dict) else {}
