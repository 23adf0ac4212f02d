"""Training, as the protocol calls Improve, and which case to look at next."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any, Literal

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samaritan.annotate.messages import CaseSummary, LearnRequest, LearnState
from samaritan.annotate.server.monailabel.datastore import about
from samaritan.annotate.server.monailabel.desk import Desk
from samaritan.annotate.server.monailabel.forms import parameters
from samaritan.annotate.server.refusal import RefusedError
from samaritan.core import UsageError

STRATEGIES = {
    "uncertainty": "The case about which the model is least sure",
    "first": "The first case that nobody has accepted",
    "random": "Any case that nobody has accepted",
}

_RUNNING = ("training", "validating", "proposing")

#: Seconds between two looks at a training that is to be kept if it helped.
_LOOK = 0.5


def trainers(desk: Desk) -> dict[str, Any]:
    """What can be trained, and how: the first value of a list is what a client sends where a person chooses nothing."""
    config = {"method": ["decoder", "lora"], "minutes": 2.0, "keep": ["if better", "ask in the page"]}
    return {desk.model: {"description": "Improve on the accepted cases", "config": config}}


def stats(desk: Desk) -> dict[str, Any]:
    """How far training is, as bars in clients show it."""
    state = desk.parts.learner.state
    best = state.after if state.after is not None else state.before
    told: dict[str, Any] = {
        "epoch": state.step,
        "total_epochs": state.steps,
        "best_metric": best,
        "train": {},
        "eval": {},
    }
    return {desk.model: told | ({} if state.state in _RUNNING else {"total_time": "done"})} if state.steps else {}


async def start(desk: Desk, request: Request) -> Response:
    """POST /train/ and /train/{model}."""
    name = request.path_params.get("model", desk.model)
    if name != desk.model and name not in desk.models:
        raise RefusedError(404, "not-found", f"There is no such model to train; it is called {desk.model}.")
    params = dict(parameters(await request.body()))
    params |= params.get(name, {}) if isinstance(params.get(name), dict) else {}
    asked = LearnRequest(action="start", method=_method(params.get("method")), minutes=_minutes(params.get("minutes")))
    await desk.parts.learner.act(asked)
    desk.notes["started"] = _now()
    if params.get("keep", "if better") == "if better":
        desk.notes["keeping"] = asyncio.ensure_future(_keep_if_better(desk))
    return JSONResponse(_task(desk))


def _method(wished: Any) -> Literal["decoder", "lora"]:
    if wished in (None, "decoder"):
        return "decoder"
    if wished == "lora":
        return "lora"
    raise UsageError(f"There is no method {str(wished)[:40]!r}; train with decoder or lora.")


def _minutes(wished: Any) -> float:
    try:
        minutes = 2.0 if wished is None else float(wished)
    except (TypeError, ValueError):
        minutes = 0.0
    if not 0 < minutes <= 240:
        raise UsageError("minutes must be a number above 0 and up to 240.")
    return minutes


async def _keep_if_better(desk: Desk) -> None:
    """Who trains from a client of the protocol sees no page in which to choose."""
    learner = desk.parts.learner
    while learner.state.state in _RUNNING:
        await asyncio.sleep(_LOOK)
    state = learner.state
    if state.state == "ready" and state.after is not None and state.before is not None:
        await learner.act(LearnRequest(action="keep" if state.after > state.before else "discard"))


async def look(desk: Desk, request: Request) -> Response:
    """GET /train/: the last training; with ``check_if_running`` 404 where none runs."""
    running = desk.parts.learner.state.state in _RUNNING
    only_running = request.query_params.get("check_if_running", "").lower() == "true"
    if (only_running and not running) or "started" not in desk.notes:
        raise RefusedError(404, "not-found", "No training is running." if only_running else "Nothing was trained yet.")
    task = _task(desk)
    return JSONResponse([task] if request.query_params.get("all", "").lower() == "true" else task)


async def stop(desk: Desk, _: Request) -> Response:
    """DELETE /train/: the training that was stopped; null where none ran, as MONAI Label answers."""
    if desk.parts.learner.state.state not in _RUNNING:
        return JSONResponse(None)
    await desk.parts.learner.act(LearnRequest(action="stop"))
    return JSONResponse(_task(desk) | {"status": "STOPPED", "end_ts": _now()})


def _task(desk: Desk) -> dict[str, Any]:
    state = desk.parts.learner.state
    return {
        "id": desk.notes.get("started", ""), "model": desk.model, "status": _status(state),
        "start_ts": desk.notes.get("started"), "end_ts": None, "details": [_sentence(state)], "result": state.model_dump(),
    }  # fmt: skip


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")


def _status(state: LearnState) -> str:
    if state.state in _RUNNING:
        return "RUNNING"
    return "ERROR" if state.state == "failed" else "DONE"


def _sentence(state: LearnState) -> str:
    measured = f"; Dice {state.before:.3f} before" if state.before is not None else ""
    measured += f", {state.after:.3f} after" if state.after is not None else ""
    return f"{state.state}, step {state.step} of {state.steps}{measured}. {state.sentence}".strip()


async def next_sample(desk: Desk, request: Request) -> Response:
    """POST /activelearning/{strategy}: a case that is neither accepted nor skipped; an empty object where none is left."""
    strategy = request.path_params["strategy"]
    if strategy not in STRATEGIES:
        raise RefusedError(404, "not-found", f"There is no such strategy; there are {', '.join(STRATEGIES)}.")
    cases = await to_thread.run_sync(desk.parts.workspace.summaries)
    chosen = choose(strategy, cases)
    if chosen is None:
        return JSONResponse({})
    return JSONResponse({"id": chosen.case, **await to_thread.run_sync(about, desk, chosen)})


def choose(strategy: str, cases: Sequence[CaseSummary]) -> CaseSummary | None:
    """The case to look at next; None where all are done."""
    left = [case for case in cases if case.status in {"open", "work"} and case.problem is None]
    if not left:
        return None
    if strategy == "random":
        return random.choice(left)  # noqa: S311 - no secret
    if strategy == "uncertainty":
        return max(left, key=lambda case: -1.0 if case.uncertainty is None else case.uncertainty)
    return min(left, key=lambda case: case.name)
