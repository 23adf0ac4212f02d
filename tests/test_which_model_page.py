"""The page that helps to choose says what the published figures say, and its commands are real."""

from __future__ import annotations

import csv
import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer

from samaritan.cli import app

ROOT = Path(__file__).parents[1]
SCRIPTS, DOCS = ROOT / "scripts", ROOT / "docs"
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\w)")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    before = set(sys.modules)
    yield importlib.import_module("which_model")
    for name in set(sys.modules) - before:
        if name.startswith(("which_model", "_which_")):
            del sys.modules[name]


def test_the_page_and_its_picture_are_those_that_the_script_writes(script: ModuleType) -> None:
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run python scripts/which_model.py"
    assert script.CHART.read_text(encoding="utf-8") == script.chart(), "run python scripts/which_model.py"


def test_every_number_of_a_section_is_in_the_files_that_it_names(script: ModuleType) -> None:
    for title, text in sections(script.page()):
        known = {number for name in sources(text) for number in numbers_of(DOCS / name)}
        missing = sorted(number for number in NUMBER.findall(words(text)) if number not in known)
        assert missing == [], f"{title}: {missing}"


def test_a_row_about_one_data_set_has_numbers_of_lines_about_it(script: ModuleType) -> None:
    names = script.zero_shot_names()
    lines = [line for page in ("results.md", "volumes-results.md") for line in plain(DOCS / page).splitlines()]
    checked = 0
    for title in ("The model as it comes, by what targets look like", "Volumes: how many boxes"):
        for row in dict(sections(script.page()))[title].splitlines():
            name = row.strip("| ").split(" ")[0].replace("\\", "")
            if row.startswith("|") and name in names:
                known = {number for line in lines if line.startswith(f"| {name} ") for number in NUMBER.findall(line)}
                assert set(NUMBER.findall(words(row.split("|", 3)[3]))) <= known, row
                checked += 1
    assert checked == len(names) + 8


def test_every_data_set_has_one_shape_and_one_row_in_the_picture(script: ModuleType) -> None:
    names = script.zero_shot_names()
    shaped = [name for shape in script.SHAPES for name in shape.sets]
    assert sorted(shaped) == sorted(names)
    picture = script.chart()
    assert [picture.count(f">{name} <") for name in names] == [1] * len(names)


def test_every_bakeoff_is_on_the_page(script: ModuleType) -> None:
    text = dict(sections(script.page()))["Whether adaptation pays"]
    for path in (DOCS / "bakeoff").glob("*.csv"):
        assert f"](bakeoff/{path.stem}.md)" in text


def test_every_command_is_one_that_the_program_takes(script: ModuleType) -> None:
    group = typer.main.get_command(app)
    commands = re.findall(r"`(samaritan [^`]+)`", script.page())
    assert len(commands) > 10
    for command in commands:
        _, verb, *rest = shlex.split(command)
        verbs = group.commands  # type: ignore[attr-defined]  # typer's group
        assert verb in verbs, command
        verbs[verb].make_context(verb, rest)


def test_every_method_and_framing_of_a_command_exists(script: ModuleType) -> None:
    from samaritan.bakeoff import MethodSpec
    from samaritan.predict.framing import make_framing
    from samaritan.prompts import make_strategy

    for method in re.findall(r"--method (\S+)", script.page()):
        assert MethodSpec.parse(method).name
    for framing in re.findall(r"--framing ([\w:.]+)", script.page()):
        make_framing(framing)
    for prompt in re.findall(r" -p ([\w:.=]+)", script.page()):
        make_strategy(prompt)


def test_a_table_that_is_not_there_is_named(script: ModuleType) -> None:
    with pytest.raises(KeyError, match=r"results\.md has no table"):
        importlib.import_module("_which_sources").table("results.md", "a heading that nobody wrote")


def sections(page: str) -> list[tuple[str, str]]:
    """Title and text of each section."""
    _, *parts = re.split(r"^## (.*)$", page, flags=re.M)
    return list(zip(parts[::2], parts[1::2], strict=True))


def sources(text: str) -> list[str]:
    """The files in docs/ that a section names as the source of its figures."""
    found = re.search(r"<!-- figures of (.*?) -->", text)
    assert found is not None
    named: list[str] = []
    for name in found[1].split():
        named += [f"bakeoff/{path.name}" for path in (DOCS / name).iterdir()] if name.endswith("/") else [name]
    return named


def words(text: str) -> str:
    """What a person reads as a statement: without comments, code, links and names of data sets, models and methods."""
    text = re.sub(r"<!--.*?-->|`[^`]*`|\]\([^)]*\)", " ", text, flags=re.S).replace("\\", "")
    return re.sub(r"\b[a-z]+[\w.-]*\d[\w.-]*|SAM 3|\b(?:SAM )?ViT-\w+ at 1024", " ", text)


def numbers_of(path: Path) -> set[str]:
    """Numbers of a page as printed; those of a CSV with up to three decimals."""
    if path.suffix != ".csv":
        return set(NUMBER.findall(plain(path)))
    cells = [cell for row in csv.reader(path.read_text(encoding="utf-8").splitlines()) for cell in row]
    found = set()
    for cell in cells:
        try:
            value = abs(float(cell))
        except ValueError:
            found |= set(NUMBER.findall(cell))
        else:
            found |= {f"{value:.{digits}f}" for digits in range(4)}
    return found


def plain(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace("\\", "").replace("**", "")
