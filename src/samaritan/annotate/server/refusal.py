"""A request that is not served, and why."""

from __future__ import annotations

from collections.abc import Mapping


class RefusedError(Exception):
    """Raised anywhere below the journal, which turns it into an answer.

    Attributes:
        status: of HTTP.
        error: the kind, one word for programs.
        sentence: for a person; never with a path or anything of the images in it.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, error: str, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.error = error
        self.sentence = sentence
        self.headers = dict(headers or {})


def nothing_here() -> RefusedError:
    """The one answer to every address without an answer, so that it says nothing about what exists."""
    return RefusedError(404, "not-found", "There is nothing at this address.")
