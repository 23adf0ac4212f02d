"""From a model and the name of a runtime to a model that runs there, or a sentence why it does not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch

from samaritan.core import ModelError, UsageError
from samaritan.models import Segmenter
from samaritan.models._sam import SamSegmenter
from samaritan.predict.runtimes._base import RUNTIMES, Runtime
from samaritan.predict.runtimes._cache import Entry, entry_path, read_entry, write_entry
from samaritan.predict.runtimes._gate import PICTURES, Reference, Verdict, judge
from samaritan.predict.runtimes._graph import fingerprint, obstacle
from samaritan.predict.runtimes._questions import questions
from samaritan.predict.runtimes._segmenter import CompiledSegmenter

_log = logging.getLogger(__name__)

#: Names that are no runtime by themselves.
AUTO, EAGER = "auto", "torch"


def check_runtime(name: str) -> str:
    """The name of a runtime that this machine has, or "auto".

    Raises:
        UnknownNameError: there is no such runtime.
        UsageError: its package is not installed.
    """
    if name == AUTO:
        return name
    runtime = RUNTIMES.get(name)
    if runtime.version is None:
        raise UsageError(f"The runtime {name} needs {runtime.package}; run pip install 'samaritan[fast]'.")
    return name


def with_runtime(segmenter: Segmenter, name: str = AUTO, *, fast: bool = False) -> Segmenter:
    """The same model with its encoder on another runtime.

    Args:
        segmenter: a model, adapted or not; it is not changed, and shares its network with what is returned.
        name: a runtime, which is prepared if it has to be; "auto" takes the quickest exact one that :func:`prepare` has
            prepared, and never makes anyone wait.
        fast: allow reduced precision where the gate holds (see :mod:`samaritan.predict.runtimes._gate`); otherwise this says
            so and takes an exact one.

    Returns:
        The model itself where torch is meant or nothing else can run it.

    Raises:
        UnknownNameError: there is no such runtime.
        UsageError: its package is not installed.
    """
    check_runtime(name)
    if name == EAGER and not fast:
        return segmenter
    why = _obstacle(segmenter)
    if why is not None or not isinstance(segmenter, SamSegmenter):
        if name != AUTO or fast:
            _log.warning("%s runs on torch: %s.", segmenter.name, why)
        return segmenter
    if fast and (found := _fast(segmenter, name)) is not None:
        return found
    if name == AUTO:
        return _prepared(segmenter) or segmenter
    return segmenter if name == EAGER else _exact(segmenter, RUNTIMES.get(name)) or segmenter


def prepare(segmenter: Segmenter, *, fast: bool = False) -> dict[str, dict[str, Any] | str]:
    """Compile a model's encoder for every runtime of this machine that auto may take, and put it through the gate.

    Returns:
        Runtime -> what :func:`runtime_of` says of it, or why it cannot be used.
    """
    told: dict[str, dict[str, Any] | str] = {}
    for runtime in _installed():
        why = _obstacle(segmenter)
        if why is not None or not isinstance(segmenter, SamSegmenter):
            told[runtime.name] = why or ""
            continue
        found = _exact(segmenter, runtime)
        told[runtime.name] = "its masks are not those of torch" if found is None else runtime_of(found)
        if fast and runtime.plans:
            quick = _fast(segmenter, runtime.name)
            told[f"{runtime.name} (fast)"] = "no plan passes the gate" if quick is None else runtime_of(quick)
    return told


def runtime_of(segmenter: Segmenter) -> dict[str, Any]:
    """What runs a model's encoder, for records: name, version, plan and verdict of the gate."""
    known: dict[str, Any] | None = getattr(segmenter, "runtime", None)
    return known or {"name": EAGER, "version": torch.__version__, "plan": "f32"}


def _installed() -> list[Runtime]:
    """Runtimes with a package of their own, the quickest first."""
    every = [RUNTIMES.get(name) for name in RUNTIMES.names()]
    return sorted((r for r in every if r.package and r.version), key=lambda runtime: runtime.rank)


def _obstacle(segmenter: Segmenter) -> str | None:
    if not isinstance(segmenter, SamSegmenter):
        return "its encoder is none that a graph can be made of"
    return obstacle(segmenter.network)


def _prepared(segmenter: SamSegmenter) -> Segmenter | None:
    """The quickest exact one that lies on the disk."""
    mark = fingerprint(segmenter.network)
    for runtime in _installed():
        entry = read_entry(entry_path(runtime, mark, "exact"))
        if entry is None or not Verdict.of(entry.header["verdict"]).exact:
            continue
        if (found := _open(segmenter, runtime, entry)) is not None:
            return found
    return None


def _exact(segmenter: SamSegmenter, runtime: Runtime, *, anew: bool = False) -> Segmenter | None:
    """On one runtime in fp32, prepared if need be; None, with a sentence to a person, where its masks differ.

    ``anew`` does not look at what is prepared.
    """
    path = entry_path(runtime, fingerprint(segmenter.network), "exact")
    entry = None if anew else read_entry(path)
    if entry is None:
        try:
            entry = _make(segmenter, runtime, ["f32"], references(segmenter), exact=True)
        except ModelError as error:
            _log.warning("%s runs on torch: %s", segmenter.name, error)
            return None
        write_entry(path, entry.header, entry.payload)
    verdict = Verdict.of(entry.header["verdict"])
    if not verdict.exact:
        _log.warning(
            "%s does not give torch's masks on %s (Dice %.4f at %s); torch runs it.",
            segmenter.name, runtime.name, verdict.worst, verdict.at,
        )  # fmt: skip
        return None
    return _open(segmenter, runtime, entry) or (None if anew else _exact(segmenter, runtime, anew=True))


def _fast(segmenter: SamSegmenter, name: str, *, anew: bool = False) -> Segmenter | None:
    """The quickest plan that passes the gate; None, with a sentence to a person, where none does; ``anew`` as above."""
    runtime = next((r for r in _installed() if r.plans and name in (AUTO, r.name)), None)
    if runtime is None or runtime.plans is None:
        _log.warning("No runtime here has a reduced precision%s; an exact one is taken.", _of(name))
        return None
    path = entry_path(runtime, fingerprint(segmenter.network), "fast")
    entry = None if anew else read_entry(path)
    if entry is None:
        try:
            entry = _make(segmenter, runtime, runtime.plans(segmenter.network), references(segmenter), exact=False)
        except ModelError as error:
            _log.warning("%s has no fast runtime: %s", segmenter.name, error)
            return None
        write_entry(path, entry.header, entry.payload)
    verdict = Verdict.of(entry.header["verdict"])
    if not verdict.fast:
        _log.warning(
            "No reduced precision of %s holds %s's masks (best: mean Dice %.3f, worst %.3f at %s); an exact one is taken.",
            runtime.name, segmenter.name, verdict.mean, verdict.worst, verdict.at,
        )  # fmt: skip
        return None
    return _open(segmenter, runtime, entry) or (None if anew else _fast(segmenter, name, anew=True))


def _of(name: str) -> str:
    return "" if name == AUTO else f" under the name {name}"


def _make(
    segmenter: SamSegmenter, runtime: Runtime, plans: Sequence[str], expected: Sequence[Reference], *, exact: bool
) -> Entry:
    """The first plan that passes the gate, else the one with the best worst mask and nothing to run."""
    best: Entry | None = None
    for plan in plans:
        payload = runtime.build(segmenter.network, plan)
        encoder = runtime.open(payload, segmenter.network, plan, torch.get_num_threads())
        verdict = judge(CompiledSegmenter(segmenter, encoder, {}), expected)
        header = {"runtime": runtime.name, "version": runtime.version, "plan": plan, "verdict": verdict.data()}
        if verdict.exact if exact else verdict.fast:
            return Entry(header, payload)
        if best is None or verdict.worst > best.header["verdict"]["worst"]:
            best = Entry(header, b"")
    if best is None:
        raise ModelError(f"{runtime.name} has no plan to try.")
    return best


def _open(segmenter: SamSegmenter, runtime: Runtime, entry: Entry) -> Segmenter | None:
    """What was prepared; None, with a sentence to a person, where the runtime refuses it, whole as it is."""
    header = entry.header
    try:
        encoder = runtime.open(entry.payload, segmenter.network, header["plan"], torch.get_num_threads())
    except Exception as error:  # noqa: BLE001  runtimes raise what they like
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        _log.warning("%s refuses the prepared encoder of %s (%s).", runtime.name, segmenter.name, reason)
        return None
    verdict = Verdict.of(header["verdict"])
    about = {
        "name": runtime.name,
        "version": header["version"],
        "plan": header["plan"],
        "gate": {"mean": round(verdict.mean, 6), "worst": round(verdict.worst, 6), "masks": verdict.masks},
    }
    return CompiledSegmenter(segmenter, encoder, about)


def references(segmenter: SamSegmenter) -> list[Reference]:
    """Eager answers to the gate's questions; a model that was taught names is asked for the first of them."""
    names = [name for source in segmenter.network.token_sources for name in getattr(source, "labels", ())]
    asked = questions(PICTURES, names[0] if names else None)
    eager = SamSegmenter(segmenter.name, segmenter.card, segmenter.network, segmenter.frame)
    return [Reference.of(eager, question) for question in asked]
