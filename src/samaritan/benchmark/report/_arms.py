"""What is compared: a model with its adaptation, asked with one prompt; and in which order a reader wants them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from samaritan.benchmark._row import Row, system

#: The row fields that name an arm.
ARM_FIELDS = ("model", "adaptation", "prompt")

#: The prompt that others are measured against where it was run: a tight box is what the published protocols share.
REFERENCE_PROMPT = "box"


class Arm(NamedTuple):
    """One way of segmenting."""

    model: str
    adaptation: str
    prompt: str

    @classmethod
    def of(cls, row: Row | dict[str, Any]) -> Arm:
        """The arm of a row, or of the group of a summary."""
        return cls(str(row["model"]), str(row["adaptation"]), str(row["prompt"]))

    @property
    def system(self) -> str:
        """Model and, where there is one, adaptation."""
        return system(self.model, self.adaptation)


@dataclass(frozen=True)
class Arms:
    """The arms of a run, in order: systems as they come, prompts as the settings list them.

    Attributes:
        all: every arm that has a row.
        oracles: prompts whose candidate mask was chosen by looking at the reference.
    """

    all: tuple[Arm, ...]
    oracles: frozenset[str]

    @classmethod
    def of(cls, rows: Sequence[Row], listed: Iterable[str] = ()) -> Arms:
        """Of the rows of a run; ``listed`` are the prompts in the order of the settings."""
        place = {prompt: n for n, prompt in reversed(list(enumerate(listed)))}
        systems: dict[str, int] = {}
        for row in rows:
            systems.setdefault(Arm.of(row).system, len(systems))
            place.setdefault(row["prompt"], len(place))
        arms = sorted({Arm.of(row) for row in rows}, key=lambda arm: (systems[arm.system], place[arm.prompt]))
        return cls(tuple(arms), frozenset(row["prompt"] for row in rows if row["candidates"] == "oracle"))

    @property
    def systems(self) -> list[str]:
        """Names of the models with their adaptations."""
        return list(dict.fromkeys(arm.system for arm in self.all))

    @property
    def prompts(self) -> list[str]:
        """All prompts."""
        return list(dict.fromkeys(arm.prompt for arm in self.all))

    @property
    def reference(self) -> str | None:
        """The prompt that others are measured against: the tight box, else the first that is no oracle."""
        fair = [prompt for prompt in self.prompts if prompt not in self.oracles]
        return REFERENCE_PROMPT if REFERENCE_PROMPT in fair else next(iter(fair or self.prompts), None)

    def label(self, arm: Arm) -> str:
        """The shortest name that tells the arm from the others."""
        return arm.prompt if len(self.systems) == 1 else f"{arm.system}, {arm.prompt}"


def describe(prompt: str) -> str:
    """A prompt's text in plain words; "" for one that is not known here.

    ``box:margin=0.1`` -> "box 10 % larger on each side".
    """
    for pattern, words in _WORDS:
        if match := re.fullmatch(pattern, prompt):
            return str(words(*match.groups()) if callable(words) else words)
    return ""


def _percent(text: str) -> str:
    return f"{float(text) * 100:g} %"


_NUMBER = r"(\d*\.?\d+)"
_WORDS: tuple[tuple[str, Any], ...] = (
    ("box", "tight box"),
    (f"box:margin={_NUMBER}", lambda n: f"box {_percent(n)} larger on each side"),
    (f"box:jitter={_NUMBER}", lambda n: f"box with sides off by up to {_percent(n)}"),
    (f"box:jitter={_NUMBER}px", lambda n: f"box with sides off by up to {n} px"),
    ("boxes", "one tight box per component"),
    ("point", "one click in the centre"),
    (r"point:random|random", "one click anywhere inside"),
    (r"points:(\d+)", lambda n: f"{n} clicks inside"),
    (r"points:(\d+)\+(\d+)", lambda n, m: f"{n} clicks inside, {m} outside"),
    (r"clicks:(\d+)", lambda n: f"{n} clicks, each on the largest error"),
    (r"box\+point", "tight box and a click"),
    ("centre-box", "box on the largest slice"),
    ("centre-box:middle", "box on the middle slice"),
    ("boxes-every:1", "box on every slice"),
    (r"boxes-every:(\d+)", lambda n: f"box on every {n}th slice and the last"),
    (r"slices:(\d+)", lambda n: f"boxes on {n} slices"),
    ("box3d", "box in space"),
    ("line", "longest diameter"),
    ("line:points", "clicks on the longest diameter"),
    (r"points3d:(\d+)", lambda n: f"{n} clicks inside the volume"),
    (r"clicks3d:(\d+)", lambda n: f"box on the largest slice, then {n} clicks on the largest error"),
    (r"clicks3d:(\d+):start=click", lambda n: f"a click, then {n} on the largest error"),
    ("mask", "rough mask"),
    ("image", "whole image as the box"),
    ("none", "no prompt"),
    ("everything", "everything, best match taken"),
    (r"mazurowski:([1-5]).*", lambda n: f"Mazurowski mode {n}"),
    (r"huang:(S\d)", lambda n: f"Huang strategy {n}"),
)
