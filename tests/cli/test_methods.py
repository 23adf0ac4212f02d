"""``samaritan methods``: the list and the cards."""

from __future__ import annotations

import json
import re

import pytest

from samaritan.adapt import METHODS
from tests.cli.conftest import Run


def test_every_method_is_listed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("methods") == 0
    printed = capsys.readouterr().out
    assert [name for name in METHODS.names() if not re.search(rf"^  {re.escape(name)} ", printed, re.MULTILINE)] == []


def test_a_card_says_what_can_be_set(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("methods", "lora", "--json") == 0
    card = json.loads(capsys.readouterr().out)
    settings = {one["name"]: one for one in card["settings"]}
    assert card["folds"] is True
    assert settings["rank"]["default"] == 4
    assert settings["rank"]["allowed"] == "whole number, >= 1"
    assert settings["alpha"]["allowed"] == "number or none, > 0"
    assert settings["targets"]["allowed"] == "list of q or k or v"


@pytest.mark.parametrize("name", METHODS.names())
def test_every_setting_of_every_method_is_explained(name: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("methods", name, "--json") == 0
    card = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in card["settings"] if not one["meaning"]] == []
    assert [one["name"] for one in card["settings"] if ":meth:" in one["meaning"] or "`" in one["allowed"]] == []
    assert run("methods", name) == 0
    assert card["title"].split()[0] in capsys.readouterr().out


def test_an_unknown_method_is_answered_with_the_nearest(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("methods", "lorra") == 2
    assert "did you mean lora" in capsys.readouterr().err
