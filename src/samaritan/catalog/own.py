"""Catalogue files of people: YAML or JSON lists of records, beside the catalogue that the package carries."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from samaritan.catalog.plain_yaml import parse
from samaritan.catalog.record import Paper
from samaritan.core.atomic import write_text
from samaritan.core.errors import InputError, ResourceError
from samaritan.core.lock import exclusive
from samaritan.core.text import read_text

#: Names the file of a person's own papers; otherwise it lies in the folder for data of programs.
SETTING = "SAMARITAN_CATALOGUE"

#: So many faults of a record are told at once.
_TOLD = 20


def own_file() -> Path:
    """Where a person's own papers are kept, whether the file is there or not."""
    if named := os.environ.get(SETTING):
        return Path(named).expanduser()
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "samaritan" / "papers.yaml"


def own_papers() -> list[Paper]:
    """A person's own papers; none where the file does not exist.

    Raises:
        InputError: the file cannot be read, or a record in it is none.
    """
    path = own_file()
    return read_papers(path) if path.exists() else []


def read_papers(path: Path | str) -> list[Paper]:
    """The records of a YAML or JSON file: one record, or a list of them.

    Raises:
        InputError: it cannot be read, or a record does not fit; every fault is named.
        FormatError: it is not YAML.
    """
    content = parse(read_text(path), str(path))
    if content is None:
        return []
    records = content if isinstance(content, list) else [content]
    return [validated(record, f"Record {number} of {path}") for number, record in enumerate(records, start=1)]


def validated(record: Any, origin: str) -> Paper:
    """A record as a paper.

    Raises:
        InputError: with the faults of it.
    """
    if not isinstance(record, dict):
        told = repr(record[:40]) if isinstance(record, str) else f"a {type(record).__name__}"
        raise InputError(f"{origin} is {told}, no record of a paper; give at least key, title, authors and month.")
    try:
        return Paper.model_validate(record)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'content'}: {fault['msg']}" for fault in error.errors()[:_TOLD]
        )
        raise InputError(f"{origin} does not fit: {faults}.") from error


def append_papers(path: Path, papers: Sequence[Paper]) -> None:
    """Add records to a file, which appears whole or stays as it was; other processes that add wait.

    What stands in a YAML file, comments too, stays as it is written, where its records are a list in block style. Where
    ``path`` is a link, the file that it leads to gets them.

    Raises:
        InputError: the file that is there cannot be read, or has one of the keys.
        ResourceError: it cannot be written.
    """
    try:
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(f"Could not make the folder of {path}: {error.strerror or error}.") from error
    with exclusive(path.with_name(f".{path.name}.lock"), wait=True):
        text = read_text(path) if path.exists() else ""
        there = read_papers(path) if text else []
        _refuse_keys(there, papers, path)
        wanted = [*there, *papers]
        longer = f"{text.rstrip()}\n{_dumped(path, papers)}".lstrip("\n")
        write_text(path, longer if _holds(longer, wanted) else _dumped(path, wanted))


def write_papers(path: Path, papers: Sequence[Paper]) -> None:
    """Write records as YAML, or JSON where the file's name says so, whole or not at all."""
    write_text(path, _dumped(path, papers))


def plain(paper: Paper) -> dict[str, Any]:
    """A record as data, without what is not said."""
    return paper.model_dump(mode="json", exclude_defaults=True)


def _refuse_keys(there: Sequence[Paper], papers: Sequence[Paper], path: Path) -> None:
    """Another process may have added the same papers after this one had looked."""
    both = {paper.key for paper in there} & {paper.key for paper in papers}
    if both:
        raise InputError(f"Nothing was added: {path} has {', '.join(sorted(both))} by now; try again.")


def _dumped(path: Path, papers: Sequence[Paper]) -> str:
    records = [plain(paper) for paper in papers]
    if path.suffix == ".json":
        return json.dumps(records, indent=1, ensure_ascii=False) + "\n"
    return yaml.safe_dump(records, sort_keys=False, allow_unicode=True, width=120)


def _holds(text: str, wanted: Sequence[Paper]) -> bool:
    try:
        return [validated(record, "") for record in parse(text, "")] == wanted
    except InputError:
        return False
