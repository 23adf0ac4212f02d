"""From a model and the name of a runtime to a model that runs there, or a sentence why it does not."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from samaritan.core import ModelError, UsageError
from samaritan.models import Segmenter
from samaritan.models._sam import SamSegmenter
from samaritan.predict.runtimes._base import RUNTIMES, Encoder, Runtime
from samaritan.predict.runtimes._cache import Entry, entry_path, read_entry, read_header, write_entry
from samaritan.predict.runtimes._gate import ASKED, Kind, Reference, Verdict, judge
from samaritan.predict.runtimes._graph import fingerprint, obstacle
from samaritan.predict.runtimes._segmenter import Refused, compiled

_log = logging.getLogger(__name__)

#: What a person is told of an encoder that does not pass.
REFUSALS: dict[Kind, str] = {
    "exact": "On %s the masks of %s are not those of torch (mean Dice %.4f, worst %.4f at %s); torch runs it.",
    "fast": "No reduced precision of %s holds the masks of %s (best: mean Dice %.3f, worst %.3f at %s); an exact one is taken.",
}

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


def with_runtime(segmenter: Segmenter, name: str = AUTO, *, fast: bool = False, later: bool = False) -> Segmenter:
    """The same model with its encoder on another runtime.

    Args:
        segmenter: a model, adapted or not; it is not changed, and shares its network with what is returned.
        name: a runtime, which is prepared if it has to be; "auto" takes the quickest exact one that :func:`prepare` has
            prepared, and never makes anyone wait.
        fast: allow reduced precision where the gate holds (see :mod:`samaritan.predict.runtimes._gate`); otherwise this says
            so and takes an exact one.
        later: auto opens what is prepared at the first picture, which may never come where embeddings are kept; should the
            runtime refuse it then, the next exact one goes on, torch after the last, and a person is told.

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
        return _prepared(segmenter, later=later) or segmenter
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


def _prepared(segmenter: SamSegmenter, *, later: bool) -> Segmenter | None:
    """The quickest exact one that lies on the disk and can be opened; if later, that is seen at the first picture."""
    kept = list(_kept(segmenter))
    if later and kept:
        (first, about), *others = [(_later(segmenter, *one[:2]), _about(one[0], one[2])) for one in kept]
        return compiled(segmenter, first, about, others)
    for runtime, path, _ in kept:
        entry = read_entry(path, _again(segmenter))
        if entry is not None and (found := _open(segmenter, runtime, entry)) is not None:
            return found
    return None


def _kept(segmenter: SamSegmenter) -> Iterator[tuple[Runtime, Path, dict[str, Any]]]:
    """What lies on the disk and gave torch's masks: runtime, file and its header, the quickest first."""
    mark = fingerprint(segmenter.network)
    for runtime in _installed():
        path = entry_path(runtime, mark, "exact")
        header = read_header(path)
        if header is not None and Verdict.of(header["verdict"]).exact:
            yield runtime, path, header


def _exact(segmenter: SamSegmenter, runtime: Runtime) -> Segmenter | None:
    """On one runtime in fp32, prepared if need be; None, with a sentence to a person, where its masks differ."""
    return _gated(segmenter, runtime, "exact", ["f32"])


def _fast(segmenter: SamSegmenter, name: str) -> Segmenter | None:
    """The quickest plan that passes the gate; None, with a sentence to a person, where none does."""
    runtime = next((r for r in _installed() if r.plans and name in (AUTO, r.name)), None)
    if runtime is None or runtime.plans is None:
        _log.warning("No runtime here has a reduced precision%s; an exact one is taken.", _of(name))
        return None
    return _gated(segmenter, runtime, "fast", runtime.plans(segmenter.network))


def _gated(
    segmenter: SamSegmenter, runtime: Runtime, kind: Kind, plans: Sequence[str], *, anew: bool = False
) -> Segmenter | None:
    """What is prepared, or else the first plan that passes; ``anew`` does not look at what is prepared."""
    path = entry_path(runtime, fingerprint(segmenter.network), kind)
    entry = None if anew else read_entry(path)
    if entry is None:
        try:
            entry = _make(segmenter, runtime, plans, references(segmenter, kind), kind)
        except ModelError as error:
            _log.warning(
                "%s has no %s encoder on %s, another takes its place: %s", segmenter.name, kind, runtime.name, error
            )
            return None
        write_entry(path, entry.header, entry.payload)
    verdict = Verdict.of(entry.header["verdict"])
    if not verdict.passes(kind):
        _log.warning(REFUSALS[kind], runtime.name, segmenter.name, verdict.mean, verdict.worst, verdict.at)
        return None
    return _open(segmenter, runtime, entry) or (None if anew else _gated(segmenter, runtime, kind, plans, anew=True))


def _of(name: str) -> str:
    return "" if name == AUTO else f" under the name {name}"


def _make(
    segmenter: SamSegmenter, runtime: Runtime, plans: Sequence[str], expected: Sequence[Reference], kind: Kind
) -> Entry:
    """The first plan that passes the gate, else the one with the best worst mask and nothing to run."""
    best: Entry | None = None
    for plan in plans:
        payload = runtime.build(segmenter.network, plan)
        encoder = runtime.open(payload, segmenter.network, plan, torch.get_num_threads())
        verdict = judge(compiled(segmenter, encoder, {}), expected, kind)
        header = {"runtime": runtime.name, "version": runtime.version, "plan": plan, "verdict": verdict.data()}
        if verdict.passes(kind):
            return Entry(header, payload)
        if best is None or verdict.worst > best.header["verdict"]["worst"]:
            best = Entry(header, b"")
    if best is None:
        raise ModelError(f"{runtime.name} has no plan to try.")
    return best


def _open(segmenter: SamSegmenter, runtime: Runtime, entry: Entry) -> Segmenter | None:
    """What was prepared; None, with a sentence to a person, where the runtime refuses it, whole as it is."""
    try:
        encoder = _encoder(segmenter, runtime, entry)
    except Refused as error:
        _log.warning("%s.", error)
        return None
    return compiled(segmenter, encoder, _about(runtime, entry.header))


def _encoder(segmenter: SamSegmenter, runtime: Runtime, entry: Entry) -> Encoder:
    try:
        return runtime.open(entry.payload, segmenter.network, entry.header["plan"], torch.get_num_threads())
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Refused(f"{runtime.name} refuses the prepared encoder of {segmenter.name} ({reason})") from error


def _later(segmenter: SamSegmenter, runtime: Runtime, path: Path) -> Encoder:
    """As :func:`_open`, at the first picture that has to be encoded."""

    @cache
    def opened() -> Encoder:
        entry = read_entry(path, _again(segmenter))
        if entry is None:
            path.unlink(missing_ok=True)  # said once, and not at every start
            raise Refused(f"The encoder of {segmenter.name} that was prepared for {runtime.name} cannot be used")
        return _encoder(segmenter, runtime, entry)

    def encode(pixels: Tensor) -> Tensor:
        return opened()(pixels)

    return encode


def _again(segmenter: SamSegmenter) -> str:
    """How a damaged one is made again by those who do not wait for it."""
    return f"run samaritan models prepare {segmenter.name} to make it again"


def _about(runtime: Runtime, header: dict[str, Any]) -> dict[str, Any]:
    verdict = Verdict.of(header["verdict"])
    return {
        "name": runtime.name,
        "version": header["version"],
        "plan": header["plan"],
        "gate": {"mean": round(verdict.mean, 6), "worst": round(verdict.worst, 6), "masks": verdict.masks},
    }


def references(segmenter: SamSegmenter, kind: Kind) -> list[Reference]:
    """Eager answers to the gate's questions; a model that was taught names is asked for the first of them."""
    from samaritan.predict.runtimes._questions import questions  # noqa: PLC0415  draws pictures, which takes scipy

    names = [name for source in segmenter.network.token_sources for name in getattr(source, "labels", ())]
    count, regions = ASKED[kind]
    asked = questions(count, names[0] if names else None, regions)
    eager = SamSegmenter(segmenter.name, segmenter.card, segmenter.network, segmenter.frame)
    return [Reference.of(eager, question) for question in asked]
