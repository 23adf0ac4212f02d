"""What can be known about the code of the documents without running it."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs._blocks import LANGUAGES, PAGES, ROOT, Block, blocks, words
from tests.docs._commands import command_lines, refusal, unknown_options

BLOCKS = {page.relative_to(ROOT).as_posix(): blocks(page) for page in PAGES}
pages = pytest.mark.parametrize("found", BLOCKS.values(), ids=BLOCKS.keys())


@pages
def test_every_block_is_fenced_and_says_its_language(found: list[Block]) -> None:
    assert [block.place for block in found if not block.fenced] == [], "put it between ``` and ```"
    assert [(block.place, block.language) for block in found if block.language not in LANGUAGES] == []


@pages
def test_data_can_be_read(found: list[Block]) -> None:
    readers: dict[str, Callable[[str], Any]] = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}
    for block in found:
        if block.language in readers and not block.excuse:
            try:
                readers[block.language](block.code)
            except (ValueError, yaml.YAMLError) as error:
                pytest.fail(f"{block.place}: {error}")


@pages
def test_python_compiles(found: list[Block]) -> None:
    for block in found:
        if block.language == "python":
            ast.parse(block.code, block.place)


@pages
def test_the_command_line_takes_every_command_shown(found: list[Block]) -> None:
    shown = [(block.place, line) for block in found if block.language == "bash" for line in command_lines(block.code)]
    assert [(place, " ".join(line), said) for place, line in shown if (said := refusal(line))] == []


@pytest.mark.parametrize("page", PAGES, ids=BLOCKS.keys())
def test_verbs_and_options_named_in_the_text_exist(page: Path) -> None:
    named = [text for text in words(page) if re.match(r"samaritan [a-z-]", text)]
    assert {text: unknown for text in named if (unknown := unknown_options(text))} == {}


@pages
def test_an_excuse_is_a_reason(found: list[Block]) -> None:
    assert [block.place for block in found if block.excuse and len(block.excuse.split()) < 2] == []
    assert [block.place for block in found if block.excuse and block.language == "text"] == []
