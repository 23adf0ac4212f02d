"""Catalogue files of people: YAML or JSON lists of records, beside the catalogue that the package carries."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from samaritan.catalog.record import Paper
from samaritan.core.atomic import write_text
from samaritan.core.errors import FormatError, InputError
from samaritan.core.lock import exclusive
from samaritan.core.text import read_text

#: Names the file of a person's own papers; otherwise it lies in the folder for data of programs.
SETTING = "SAMARITAN_CATALOGUE"


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


def parse(text: str, origin: str) -> Any:
    """The content of a YAML or JSON text.

    Raises:
        FormatError: it is neither.
    """
    try:
        loader = _Words(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FormatError(f"{origin} is not valid YAML: {' '.join(str(error).split())}.") from error


def validated(record: Any, origin: str) -> Paper:
    """A record as a paper.

    Raises:
        InputError: with every fault of it.
    """
    if not isinstance(record, dict):
        raise InputError(
            f"{origin} is {str(record)[:40]!r}, no record of a paper; give at least key, title, authors and month."
        )
    try:
        return Paper.model_validate(record)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'content'}: {fault['msg']}" for fault in error.errors()
        )
        raise InputError(f"{origin} does not fit: {faults}.") from error


def append_papers(path: Path, papers: Sequence[Paper]) -> None:
    """Add records to a file, which appears whole or stays as it was; other processes that add wait.

    What stands in a YAML file, comments too, stays as it is written, where its records are a list in block style.

    Raises:
        InputError: the file that is there cannot be read.
        ResourceError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(path.with_name(f".{path.name}.lock"), wait=True):
        text = read_text(path) if path.exists() else ""
        wanted = [*(read_papers(path) if text else []), *papers]
        longer = f"{text.rstrip()}\n{_dumped(path, papers)}".lstrip("\n")
        write_text(path, longer if _holds(longer, wanted) else _dumped(path, wanted))


def write_papers(path: Path, papers: Sequence[Paper]) -> None:
    """Write records as YAML, or JSON where the file's name says so, whole or not at all."""
    write_text(path, _dumped(path, papers))


def plain(paper: Paper) -> dict[str, Any]:
    """A record as data, without what is not said."""
    return paper.model_dump(mode="json", exclude_defaults=True)


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


class _Words(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain YAML in which only words are words: 2304.12620 is no number, which would lose its last digit."""


_Words.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] in ("bool", "null", "merge")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
