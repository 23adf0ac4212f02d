"""From what was raised to an answer: a status, one sentence without paths, and a number that stands in the log too."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from samaritan.annotate.engine.errors import ModelGoneError, QueueFullError, SupersededError
from samaritan.annotate.messages import Conflict, Failure
from samaritan.annotate.server.refusal import RefusedError, nothing_here
from samaritan.annotate.workspace._errors import StaleRevisionError, UnknownCaseError
from samaritan.core.errors import InputError, ModelError, ResourceError, SamaritanError, UsageError

#: Two or more names with separators between them, or an absolute one; quotes and brackets end it, blanks inside are taken
#: along as long as more of the path follows.
_PATHS = re.compile(r"(?:[A-Za-z]:)?[^\s'\"`(<=,;:]*[/\\](?:[^'\"`)>,;:]*[/\\])?[^\s'\"`)>,;:]*")

#: Where a path may end in a sentence, and how many such places are tried.
_BREAKS = re.compile(r"[\s'\"`)>,;:]|\.(?=\s|$)")
_MOST_BREAKS = 40

#: The first of these that an error is decides; the tree of samaritan.core.errors, and what the rooms of the annotator add.
_KINDS: tuple[tuple[type[SamaritanError], int, str], ...] = (
    (StaleRevisionError, 409, "stale"),
    (SupersededError, 409, "superseded"),
    (QueueFullError, 429, "busy"),
    (ModelGoneError, 503, "model-gone"),
    (UsageError, 422, "usage"),
    (InputError, 422, "input"),
    (ModelError, 503, "model"),
    (ResourceError, 507, "resources"),
)


class Answered(NamedTuple):
    """Status, body and further headers of an answer to what went wrong."""

    status: int
    body: Failure
    headers: dict[str, str]


def answer_to(error: Exception, request: str, roots: Iterable[Path] = ()) -> Answered:
    """The answer to whatever was raised.

    Args:
        error: what was raised.
        request: number of the request.
        roots: paths that are known to stand in sentences.
    """
    if isinstance(error, UnknownCaseError):
        error = nothing_here()
    if isinstance(error, RefusedError):
        body = Failure(error=error.error, sentence=error.sentence, request=request)
        return Answered(error.status, body, error.headers)
    if isinstance(error, MemoryError):
        error = ResourceError("Not enough memory for this.")
    if isinstance(error, OSError):
        error = ResourceError(f"{error.strerror or 'The system refused it'}.")
    for kind, status, name in _KINDS:
        if isinstance(error, kind):
            said = without_paths(str(error), roots)
            said = f"T{said[1:]}" if said.startswith("the file") else said
            return _known(error, status, name, said, request)
    sentence = "Something unexpected happened; the server's log says what, under the number of this request."
    return Answered(500, Failure(error="unexpected", sentence=sentence, request=request), {})


def _known(error: SamaritanError, status: int, name: str, sentence: str, request: str) -> Answered:
    if isinstance(error, StaleRevisionError):
        # the file that keeps the edit is named in a field of its own
        sentence = f"{error.why}; the refused edit is kept." if error.kept else sentence
        body = Conflict(error=name, sentence=sentence, request=request, revision=error.revision, kept=error.kept)
        return Answered(status, body, {})
    retry = {"Retry-After": "2"} if status == 503 else {}
    if isinstance(error, QueueFullError):
        retry = {"Retry-After": str(max(1, round(error.retry_after)))}
    sentence = sentence or "A later request took this one's place."
    return Answered(status, Failure(error=name, sentence=sentence, request=request), retry)


def without_paths(sentence: str, roots: Iterable[Path] = ()) -> str:
    """``sentence`` with "the file" in place of every path, since names of files may be names of people.

    Args:
        sentence: of an error.
        roots: folders whose files are looked up: their names may hold blanks, so that nothing in the sentence ends them.
    """
    for root in sorted((str(root) for root in roots), key=len, reverse=True):
        while len(root) > 1 and (start := sentence.find(root)) >= 0:
            sentence = sentence[:start] + "the file" + sentence[_end(sentence, start, len(root)) :]
    return _PATHS.sub("the file", sentence)


def _end(sentence: str, start: int, least: int) -> int:
    """Where the longest path ends that begins at ``start`` and exists; what only looks like one goes with it."""
    ends = [found.start() for found in _BREAKS.finditer(sentence, start + least)] + [len(sentence)]
    there = [end for end in ends[:_MOST_BREAKS] if os.path.lexists(sentence[start:end])]
    rest = _PATHS.match(sentence, start)
    return max([start + least, *there, rest.end() if rest else 0])
