"""Improve in the page, from the first accepted cases to the proposals: a real training of LiteMedSAM on phantoms of lesions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.annotate.pictures import place_of
from benchmarks.annotate.server import Server
from samaritan.datasets import REFERENCE
from samaritan.datasets.samples.lesion_us import draw

#: Pictures, and how many of them are accepted before.
CASES, ACCEPTED = 14, 8

LABEL = "lesion"

#: Milliseconds that a training of one minute, its comparison and the proposals may take on a busy machine.
PATIENCE = 900_000


def name_of(number: int) -> str:
    """Of a case."""
    return f"patient_{number + 1:02d}"


def lesions(folder: Path) -> None:
    """Write the pictures, one patient each."""
    for number in range(CASES):
        picture = np.swapaxes(draw(f"p{number + 1}").volume.data[:, :, 0], 0, 1)
        Image.fromarray(picture).save(folder / f"{name_of(number)}.png")


def accept_some(server: Server) -> None:
    """A box around each lesion, as a person draws it, and the case is accepted."""
    for number in range(ACCEPTED):
        case = server.client().open(name_of(number))
        reference = draw(f"p{number + 1}").references[REFERENCE]
        x, y, _ = (np.flatnonzero(reference.data.any(axis=others))[[0, -1]] for others in ((1, 2), (0, 2), (0, 1)))
        a, b = (place_of(reference.geometry, (x[end], y[end], 0)) for end in (0, 1))
        case.ask(LABEL, box=(a, b), plane=case.detail.plane)
        case.accept()


def states(page: Any) -> Iterator[str]:
    """Lead the open page through Improve; yields the name of each state as soon as it can be seen.

    Args:
        page: Playwright's, of a server whose cases are partly accepted.
    """
    cases = page.get_by_role("navigation", name="Cases")
    panel = page.get_by_role("region", name="Improve the model")
    panel.get_by_label("For how long").select_option("1")
    panel.get_by_role("button", name="Improve with").click()
    panel.get_by_text("left").wait_for(timeout=PATIENCE)
    page.wait_for_timeout(20_000)
    yield "improve-training"
    page.get_by_role("button", name="Compare").click(timeout=PATIENCE)
    panel.get_by_role("button", name="Keep the new one").hover()
    yield "improve-compare"
    panel.get_by_role("button", name="Keep the new one").click()
    panel.get_by_text("Masks were proposed").wait_for(timeout=PATIENCE)
    cases.get_by_role("combobox").select_option("uncertainty")
    first = cases.get_by_role("listitem").filter(has_text="uncertain").first
    first.click()
    page.mouse.move(2, 2)
    page.get_by_role("button", name="Take the proposal").wait_for()
    page.wait_for_timeout(3000)
    yield "improve-proposals"
    page.get_by_role("button", name="Take the proposal").click()
    page.get_by_text("take the proposal").first.wait_for()
    page.get_by_role("button", name="Take the proposal").wait_for(state="detached")
