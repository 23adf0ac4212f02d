"""What all strategies share: a frozen record of options that is made from a text and gives that text back."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from samaritan.core import PromptSet, UsageError
from samaritan.prompts._base import PROMPTS, Candidates, Mask
from samaritan.prompts._options import choice, show
from samaritan.prompts._solid import Solid

S = TypeVar("S", bound="Named")


@dataclass(frozen=True)
class Option:
    """Marks a field as an option, in its annotation: ``margin: Annotated[Span | None, Option(distance)] = None``.

    Attributes:
        parse: text -> value; its ValueError says what is allowed.
        positional: whether the text is given by its place, without a key.
    """

    parse: Callable[[str], Any]
    positional: bool = False


@dataclass(frozen=True, kw_only=True)
class Named:
    """Base of all strategies: a subclass declares options as fields, which are read from a text and written back as one.

    Attributes:
        alias: name of the published protocol that this strategy was made for, in place of its own.
    """

    head: ClassVar[str]
    automatic: ClassVar[bool] = False

    alias: str = ""

    @classmethod
    def make(cls, positional: Sequence[str], options: dict[str, str]) -> Self:
        """Build from the text behind the head, already split.

        Raises:
            UsageError: an option that does not exist, a value that does not fit, or something missing.
        """
        known, texts = options_of(cls), dict(options)
        places = [key for key, kind in known.items() if kind.positional]
        _refuse_unknown(cls, texts, places, positional)
        texts |= dict(zip(places, positional, strict=False))
        for entry in fields(cls):
            if entry.name in known and entry.default is MISSING and entry.name not in texts:
                raise UsageError(f"The prompt {cls.head!r} needs a {entry.name}, as in {cls.head}:5.")
        return cls(**{key: _parse(cls, key, known[key], text) for key, text in texts.items()})

    @property
    def name(self) -> str:
        """The canonical text: what :func:`make_strategy` makes this strategy from."""
        if self.alias:
            return self.alias
        known = options_of(type(self))
        said = [e.name for e in fields(self) if e.name in known and getattr(self, e.name) != e.default]
        places = [show(getattr(self, key)) for key in said if known[key].positional]
        keyed = [f"{key}={show(getattr(self, key))}" for key in said if not known[key].positional]
        return ":".join([self.head, *places, *([",".join(keyed)] if keyed else [])])

    @property
    def rounds(self) -> int:
        """How many times the model is asked."""
        return 1


@dataclass(frozen=True, kw_only=True)
class Strategy(Named):
    """Base of the strategies that ask about one picture; a subclass says what in :meth:`ask`.

    Attributes:
        candidates: which of the model's candidate masks counts.
    """

    shared: ClassVar[bool] = False

    candidates: Annotated[Candidates, Option(choice(*get_args(Candidates)))] = "single"

    def first(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:
        """The first question(s) about an (x, y) bool reference; none where it is empty."""
        return self.ask(ref, rng) if ref.any() else []

    def ask(self, ref: Mask, rng: np.random.Generator) -> list[PromptSet]:
        """The first question(s) about a reference that is not empty."""
        raise NotImplementedError

    def correct(
        self,
        ref: Mask,  # noqa: ARG002 - the contract's signature
        pred: Mask,  # noqa: ARG002
        low_res: NDArray[np.float32],  # noqa: ARG002
        previous: PromptSet,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
    ) -> PromptSet | None:
        """Nothing to add: one round is all."""
        return None


@dataclass(frozen=True, kw_only=True)
class VolumeStrategy(Named, ABC):
    """Simulates a person who knows the reference in space, and says something about it on a few slices.

    Base of the strategies whose unit is a target in space; a subclass says what is asked in :meth:`ask`.

    The contract, tested for every registered strategy:
        1. ``ref`` is a :class:`Solid` with axes (x, y, slice). Answers are slice -> prompts at (x, y, 0) of that slice's
           picture; they lie inside it, and there is one PromptSet a slice.
        2. First prompts are on slices that show the target, corrections may be on any slice.
        3. An empty reference gives {}.
        4. The same ``rng`` state gives the same prompts; no other randomness.
        5. Positive points lie inside ``ref``, negative ones outside.
        6. Axes are never swapped, and distances are in millimetres: thick slices count as thick.

    Attributes:
        candidates: always "single": which mask is carried on to the next slice is decided without the reference.
        bounded: whether the person says on which slice the target begins and ends: there are prompts on both.
    """

    candidates: ClassVar[Candidates] = "single"
    bounded: ClassVar[bool] = False

    def first(self, ref: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:
        """Slice -> the first question there, at (x, y, 0) of its picture; nothing about an empty reference."""
        return self.ask(ref, rng) if ref else {}

    @abstractmethod
    def ask(self, ref: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:
        """The first questions about a reference that is not empty."""

    def correct(self, ref: Solid, pred: Solid, rng: np.random.Generator) -> dict[int, PromptSet]:  # noqa: ARG002 - the contract
        """What is added after seeing ``pred``; what was said before stays said. Here nothing: one round is all."""
        return {}

    def interactions(self, prompts: Mapping[int, PromptSet]) -> int:
        """How many acts of a person ``prompts`` are: the sum over slices, unless one act reaches over several."""
        return sum(prompt.interactions for prompt in prompts.values())


def strategy(head: str) -> Callable[[type[S]], type[S]]:
    """Decorator: enter the strategy class below under ``head``."""

    def enter(cls: type[S]) -> type[S]:
        cls.head = head
        PROMPTS.add(head, cls.make)
        return cls

    return enter


def options_of(cls: type[Named]) -> dict[str, Option]:
    """Option name -> how to read it, in the order of the fields."""
    hints = get_type_hints(cls, include_extras=True)
    marks = {
        key: [mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, Option)]
        for key, hint in hints.items()
    }
    return {entry.name: marks[entry.name][0] for entry in fields(cls) if marks[entry.name]}


def _refuse_unknown(cls: type[Named], texts: dict[str, str], places: list[str], values: Sequence[str]) -> None:
    keys = [key for key in options_of(cls) if key not in places]
    for key in texts:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"The prompt {cls.head!r} has no option {key!r}; {hint}allowed are {', '.join(keys)}.")
    if len(values) > len(places):
        takes = f"only {' and '.join(places)}" if places else "nothing"
        raise UsageError(
            f"The prompt {cls.head!r} takes {takes} without a key, received {' and '.join(map(repr, values))}; "
            f"options with a key are {', '.join(keys)}."
        )


def _parse(cls: type[Named], key: str, kind: Option, text: str) -> Any:
    try:
        return kind.parse(text)
    except ValueError as error:
        raise UsageError(f"The prompt {cls.head!r} cannot take {text!r} as {key}; allowed is {error}.") from error
