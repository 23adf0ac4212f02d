"""The annotator's page of the documentation says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from samaritan.cli.annotate import annotate

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "annotate.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    return PAGE.split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]


def keys_of_the_page() -> set[str]:
    """What web/src/commands and web/src/tools bind."""
    sources = [*(ROOT / "web" / "src" / "commands").glob("*.ts"), *(ROOT / "web" / "src" / "tools").glob("*.ts")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in sources)
    return set(re.findall(r'"((?:(?:ctrl|alt|shift)\+)*[^"\s]+)"', text)) | {str(number) for number in range(1, 10)}


def test_every_key_is_one_of_the_page() -> None:
    named = re.findall(r"`([^`]+)`", "\n".join(row.split("|")[1] for row in section("Keys").splitlines() if "|" in row))
    assert len(named) > 40
    assert [key for key in named if key not in keys_of_the_page()] == []


def test_every_option_is_one_of_the_command() -> None:
    source = Path(annotate.__code__.co_filename).read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", PAGE))
    names = set(annotate.__code__.co_varnames)
    assert {"labels", "port", "host"} <= named
    unknown = {
        option
        for option in named
        if f'"--{option}"' not in source and option.removeprefix("no-").replace("-", "_") not in names
    }
    assert unknown == {"json"}, "which comes from the options that verbs share"
