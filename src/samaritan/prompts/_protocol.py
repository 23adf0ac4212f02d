"""Published protocols: another name for a strategy of ours, with the choices that the paper made."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence

from samaritan.core import UnknownNameError, UsageError
from samaritan.prompts._base import PROMPTS, Candidates
from samaritan.prompts._grammar import make_prompt
from samaritan.prompts._strategy import Strategy


def protocol(head: str, modes: Mapping[str, str], *, candidates: Candidates) -> None:
    """Enter a protocol: ``head:mode`` makes the strategy that ``modes`` names, under the protocol's own name.

    Args:
        head: the protocol's name.
        modes: mode -> text of the strategy.
        candidates: which candidate the paper counted; ``head:mode:first`` and the like choose otherwise.
    """

    def make(positional: Sequence[str], options: dict[str, str]) -> Strategy:
        if len(positional) != 1 or set(options) - {"candidates"}:
            raise UsageError(
                f"The protocol {head!r} takes one mode ({', '.join(modes)}) and, if you wish, candidates=..., "
                f"as in {head}:{next(iter(modes))}."
            )
        mode = positional[0]
        if mode not in modes:
            near = difflib.get_close_matches(mode.upper(), modes, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UnknownNameError(f"There is no mode {mode!r} of {head}; {hint}known are {', '.join(modes)}.")
        chosen = options.get("candidates", candidates)
        made = make_prompt(f"{modes[mode]}:candidates={chosen}")
        if not isinstance(made, Strategy):
            raise TypeError(f"{modes[mode]!r} is not a strategy of this room, so it cannot carry another name.")
        said = "" if chosen == candidates else f":candidates={chosen}"
        return dataclasses.replace(made, alias=f"{head}:{mode}{said}")

    PROMPTS.add(head, make)
