"""What the annotator says at the terminal: its link once, how its model is, and that all is saved."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import webbrowser
from dataclasses import dataclass, field
from pathlib import Path

from samaritan.annotate.messages import ModelState


@dataclass
class TerminalTeller:
    """Tells a person, or a program.

    Attributes:
        browser: whether the link is opened too, where there is a screen.
        as_json: one line of JSON when the server listens, and nothing else, on standard output.
        quiet: the link and what is wrong, and nothing else.
    """

    browser: bool = True
    as_json: bool = False
    quiet: bool = False
    _told: str = field(default="", init=False)

    def listening(self, link: str, cases: int, output: Path) -> None:
        """The link, and where results go."""
        if self.as_json:
            _say(json.dumps({"url": link, "pid": os.getpid(), "cases": cases, "output": str(output)}))
        else:
            self._tell(f"{cases} {'image' if cases == 1 else 'images'}; masks go to {output}, as you work.")
            _say(link)
            self._tell(
                "The link opens the page once; for another one run the command again. Ctrl-C ends the annotator."
            )
        self._open(link)

    def protocol(self, address: str) -> None:
        """The address to give to 3D Slicer and others."""
        if self.as_json:
            _say(json.dumps({"monai_label": address}))
        else:
            self._tell("3D Slicer, OHIF, MITK and QuPath take this for a MONAI Label server; it holds the key:")
            _say(address)

    def already(self, link: str) -> None:
        """A link to the one that runs."""
        if self.as_json:
            _say(json.dumps({"url": link}))
        else:
            self._tell("An annotator runs on this folder already, as it was started; this opens its page:")
            _say(link)
        self._open(link)

    def model(self, state: ModelState, seconds: float) -> None:
        """Each state once; busy and ready are one."""
        life = "ready" if state.state == "busy" else state.state
        if life == self._told:
            return
        self._told = life
        if life == "ready":
            self._tell(f"Model ready: {state.name}, {seconds:.1f} s after the start.")
        elif life in {"failed", "restarting"}:
            self.warn(state.sentence)

    def warn(self, sentence: str) -> None:
        """On standard error, quiet or not."""
        with contextlib.suppress(OSError):
            print(f"samaritan: {sentence}", file=sys.stderr, flush=True)  # noqa: T201

    def ended(self) -> None:
        """The last word; nobody may be there to read it."""
        self._tell("All is saved.")

    def _tell(self, sentence: str) -> None:
        if not self.quiet and not self.as_json:
            _say(sentence)

    def _open(self, link: str) -> None:
        """In a thread, since some browsers return when they are closed."""
        if self.browser and _has_screen():
            threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()


def _has_screen() -> bool:
    """Without one, webbrowser would start a browser in this terminal."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal was closed
        print(line, flush=True)  # noqa: T201
