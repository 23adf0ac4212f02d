"""What the annotator says at the terminal."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from samaritan.annotate.messages import ModelState
from samaritan.show.annotator import TerminalTeller

LINK = "http://127.0.0.1:8321/?token=x"


def state(life: str, sentence: str = "") -> ModelState:
    return ModelState.model_validate({"name": "litemedsam", "adapter": None, "state": life, "sentence": sentence})


def test_a_person_is_told_the_link_once_and_the_model_once(capsys: pytest.CaptureFixture[str]) -> None:
    teller = TerminalTeller(browser=False)
    teller.listening(LINK, 1, Path("out"))
    for life in ("starting", "ready", "busy", "ready", "busy"):
        teller.model(state(life), 2.345)
    teller.ended()
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "1 image; masks go to out, as you work.",
        LINK,
        "The link opens the page once; for another one run the command again. Ctrl-C ends the annotator.",
        "Model ready: litemedsam, 2.3 s after the start.",
        "All is saved.",
    ]
    assert said.err == ""


def test_what_is_wrong_with_the_model_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    teller = TerminalTeller(browser=False, quiet=True)
    teller.model(state("failed", "There is no model x."), 1.0)
    teller.listening(LINK, 2, Path("out"))
    said = capsys.readouterr()
    assert (said.out, said.err) == (f"{LINK}\n", "samaritan: There is no model x.\n")


def test_a_program_is_told_in_json_alone(capsys: pytest.CaptureFixture[str]) -> None:
    teller = TerminalTeller(browser=False, as_json=True)
    teller.listening(LINK, 2, Path("out"))
    teller.model(state("ready"), 1.0)
    teller.ended()
    assert json.loads(capsys.readouterr().out) == {"url": LINK, "pid": os.getpid(), "cases": 2, "output": "out"}


def test_a_closed_terminal_is_borne(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def write(self, _: str) -> int:
            raise OSError(5, "Input/output error")

        def flush(self) -> None:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdout", Closed())
    monkeypatch.setattr(sys, "stderr", Closed())
    teller = TerminalTeller(browser=False)
    teller.listening(LINK, 2, Path("out"))
    teller.warn("x")
    teller.ended()


@pytest.mark.parametrize(("wanted", "display", "opened"), [(True, ":0", True), (True, "", False), (False, ":0", False)])
def test_a_browser_is_opened_where_there_is_a_screen(
    monkeypatch: pytest.MonkeyPatch, wanted: bool, display: str, opened: bool
) -> None:
    links: list[str] = []
    came = threading.Event()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    def open_link(link: str) -> None:
        links.append(link)
        came.set()

    monkeypatch.setattr("webbrowser.open", open_link)
    TerminalTeller(browser=wanted, quiet=True).already(LINK)
    assert came.wait(5 if opened else 0) == opened
    assert links == ([LINK] if opened else [])
