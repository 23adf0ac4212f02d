"""One user: how long from a prompt to its mask, and whether anything else waits for the model."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from benchmarks.annotate.loads import Plan, Row, at_most
from benchmarks.annotate.loads.meanwhile import asked_meanwhile
from benchmarks.annotate.pictures import OBJECT, Mm, oblique, place_of, save_volume, volume
from benchmarks.annotate.server import Server
from samaritan.annotate import messages as say
from samaritan.annotate.client import Case

#: New slices are so far apart that none of them was encoded ahead.
APART = 6

#: Plane, axis of the shown grid through it, number of slices.
_PLANES: tuple[tuple[say.PlaneName, int, int], ...] = (("axial", 2, 40), ("coronal", 1, 72), ("sagittal", 0, 88))


def one_user(plan: Plan) -> list[Row]:
    """Prompts on one slice, on new slices, edits without the model, and other requests beside them."""
    geometry = oblique()
    images = plan.folder / "one"
    for number in range(3):
        save_volume(images / f"case_{number}.nii", geometry, volume(geometry, OBJECT, seed=number))
    with Server(images, plan.folder / "one-out", model=plan.model) as server:
        server.await_model()
        cases = [server.client().open(f"case_{number}") for number in range(3)]
        cached, inside = _cached(cases[0], plan.repeats)
        marks = [_timed(lambda: cases[1].mark(note=secrets.token_hex(8))) for _ in range(plan.repeats)]
        with asked_meanwhile(server, "/api/health") as health, asked_meanwhile(server, "/api/session") as session:
            fresh, ahead = _new_slices(cases[2])
    over = [outer - inner for outer, inner in zip(cached, inside, strict=True)]
    return [
        at_most("prompt to mask, embedding cached, one user", cached, p50=0.15, p95=0.4),
        at_most("the same without the model's own time: HTTP, pipe, journal, mask", over, p95=0.015),
        at_most("an edit that asks no model, on disk when it is answered", marks, p95=0.015),
        at_most("first prompt on a new slice: encode and decode", fresh, p95=2.5),
        *([at_most("first prompt on the slice beside it, encoded ahead", ahead, p50=0.4, p95=0.4)] if ahead else []),
        at_most("health while slices are encoded", health, p99=0.1),
        at_most("session while slices are encoded", session, p99=0.1),
    ]


def _cached(case: Case, repeats: int) -> tuple[list[float], list[float]]:
    """(seconds of each prompt as the user waits, of it in the model process), after one that encodes the slice."""
    outer, inner = [], []
    for number in range(repeats + 1):
        began = time.perf_counter()
        edited = case.ask("organ", box=_box(number % 7), plane="axial")
        outer.append(time.perf_counter() - began)
        inner.append(edited.answer.seconds if edited.answer else 0.0)
    return outer[1:], inner[1:]


def _new_slices(case: Case) -> tuple[list[float], list[float]]:
    """(first prompt on slices that nobody saw, first prompt on the next slices after a pause), in seconds."""
    fresh, ahead = [], []
    for plane, through, count in _PLANES:
        for index in range(3, count - 3, APART):
            voxel = [size // 2 for size in case.detail.shape]
            voxel[through] = index
            seconds, encoded = _first(case, plane, voxel)
            if encoded:
                fresh.append(seconds)
            focus = say.Focus(plane=plane, at=place_of(case.geometry, voxel))
            case.connection.post(f"/api/cases/{case.case}/focus", focus)
            voxel[through] = index + 1
            time.sleep(2.0)
            seconds, encoded = _first(case, plane, voxel)
            if not encoded:
                ahead.append(seconds)
    return fresh, ahead


def _first(case: Case, plane: say.PlaneName, voxel: list[int]) -> tuple[float, bool]:
    at = place_of(case.geometry, voxel)
    began = time.perf_counter()
    edited = case.ask("organ", points=[at], plane=plane)
    return time.perf_counter() - began, edited.answer is not None and edited.answer.encoded


def _box(margin: int) -> tuple[Mm, Mm]:
    """Around the object of the volume, on the slice through its middle as the grid is turned."""
    geometry = oblique()
    low, high = geometry.to_voxel([OBJECT.centre])[0].copy(), geometry.to_voxel([OBJECT.centre])[0].copy()
    for axis, radius in ((0, 19 + margin), (2, 13 + margin)):
        low[axis], high[axis] = low[axis] - radius, high[axis] + radius
    return place_of(geometry, low), place_of(geometry, high)


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
