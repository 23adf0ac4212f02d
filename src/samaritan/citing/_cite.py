"""References of what names, files and folders rest on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from samaritan.catalog.bibtex_reader import BibEntry
from samaritan.catalog.everything import all_papers
from samaritan.catalog.latex import to_latex
from samaritan.catalog.record import Paper
from samaritan.catalog.references import ITSELF, Reference, merged, sources
from samaritan.citing._parts import STATISTICS, Part, in_file_or_folder, in_samples
from samaritan.citing._scores import MADE_OF, score_called, score_names
from samaritan.core.errors import UnknownNameError
from samaritan.core.public_data import PUBLIC_DATA, canonical

#: Kinds of parts, and the rooms in which their names are registered.
_ROOMS = {"model": "models", "method": "adapt", "prompt": "prompts", "metric": "evaluate"}

#: Prompts that are published beside those which the catalogue links, and options of prompts -> arXiv number.
_PROMPTS = {"everything": "2304.02643", "image": "2404.09957"}
_OPTIONS = {"jitter=medsam": "2304.12306", "jitter=sam-med2d": "2308.16184"}

_ARXIV = re.compile(r"\d{4}\.\d{4,5}")


@dataclass(frozen=True)
class Cited:
    """References, and sentences about parts that have none."""

    references: list[Reference]
    notes: list[str]


def cite(targets: Iterable[str]) -> Cited:
    """References of everything that ``targets`` rest on, this package last.

    Args:
        targets: folders of runs, adapter files, records of masks, data sets; or names of models, methods, prompts, scores,
            statistics and data sets, or keys of papers.

    Raises:
        UnknownNameError: something is neither; the message has near names.
        InputError: a file or folder is nothing that this package writes, or is damaged.
    """
    catalogue = all_papers()
    references: list[Reference] = []
    notes: list[str] = []
    for target in targets:
        paper = next((one for one in catalogue if target in (*one.keys, one.arxiv)), None)
        if paper is not None:
            references.append(Reference.of_paper(paper))
            continue
        for part in _parts(target, catalogue):
            found = _references(part, catalogue)
            references += found
            if not found and (part.kind != "prompt" or part.name == target):  # a box is nobody's invention
                notes.append(f"{part.kind} {part.name}: nothing to cite is known here.")
    return Cited(merged([*references, Reference(ITSELF, ("this package",))]), list(dict.fromkeys(notes)))


def _parts(target: str, catalogue: Sequence[Paper]) -> Iterator[Part]:
    path = Path(target)
    named = list(_named(target, catalogue))
    if named or not path.exists():
        if not named:
            raise _unknown(target, catalogue)
        yield from named
    else:
        yield from in_file_or_folder(path)


def _named(target: str, catalogue: Sequence[Paper]) -> Iterator[Part]:
    """Everything that has this name: sam-med2d is a model and a method."""
    if (score := score_called(target)) is not None:
        yield Part("metric", score)
        return
    if target in STATISTICS:
        yield Part("statistics", target)
        return
    names = {"model": target.partition("@")[0], "method": target.partition(":")[0], "prompt": target}
    kinds = [kind for kind in names if _linked(Part(kind, names[kind]), catalogue)]
    if not kinds and canonical(target) is None and target not in PUBLIC_DATA and not target.startswith("samples"):
        kinds = [kind for kind, known in _registered().items() if _head(Part(kind, names[kind])) in known]
    yield from (Part(kind, names[kind]) for kind in kinds)
    if target.startswith("samples"):
        yield from in_samples(target)
    elif (name := canonical(target)) is not None or target in PUBLIC_DATA:
        yield Part("data set", name or target)


def _registered() -> dict[str, list[str]]:
    """Kind -> names, of those too that rest on nobody's paper."""
    from samaritan.adapt import METHODS  # noqa: PLC0415 - imports torch, which linked names do not need
    from samaritan.models import MODELS  # noqa: PLC0415
    from samaritan.prompts import PROMPTS  # noqa: PLC0415

    return {"model": MODELS.names(), "method": METHODS.names(), "prompt": PROMPTS.names()}


def _head(part: Part) -> str:
    """The name without settings: huang of huang:S6."""
    return part.name.partition(":")[0]


def _linked(part: Part, catalogue: Sequence[Paper]) -> list[Paper]:
    """The papers that the catalogue says an entry rests on."""
    wanted = (_ROOMS.get(part.kind, ""), _head(part))
    return [paper for paper in catalogue if wanted in ((one.room, one.name) for one in paper.implemented)]


def _unknown(target: str, catalogue: Sequence[Paper]) -> UnknownNameError:
    names = [name for known in _registered().values() for name in known]
    keys = [key for paper in catalogue for key in paper.keys]
    near = difflib.get_close_matches(
        target, [*names, *score_names(), *STATISTICS, *PUBLIC_DATA, *keys], n=3, cutoff=0.6
    )
    hint = (
        f"did you mean {' or '.join(dict.fromkeys(near))}?"
        if near
        else "samaritan models, methods and papers list names."
    )
    return UnknownNameError(
        f"{target[:200]!r} is no file, folder, model, method, prompt, score, data set or key of a paper; {hint}"
    )


def _references(part: Part, catalogue: Sequence[Paper]) -> list[Reference]:
    reason = f"{part.kind} {part.name}"
    if part.kind == "metric":
        part = replace(part, name=MADE_OF.get(part.name, part.name))
    if part.kind in ("statistics", "data set") or (part.kind == "metric" and part.name in sources()):
        key = "msd" if part.name.startswith("msd-") else part.name
        return [Reference(sources()[key], (reason,))] if key in sources() else []
    numbers = [number for option, number in _OPTIONS.items() if part.kind == "prompt" and option in part.name]
    if part.kind == "prompt" and _head(part) in _PROMPTS:
        numbers.append(_PROMPTS[_head(part)])
    linked = [Reference.of_paper(paper, reason) for paper in _linked(part, catalogue)]
    told = "" if linked else part.paper or _card_paper(part)
    return [*linked, *(_by_number(number, told, catalogue, reason) for number in (*numbers, *_ARXIV.findall(told)))]


def _card_paper(part: Part) -> str:
    """What the card of a model says that no paper of the catalogue links, such as a miniature."""
    if part.kind != "model":
        return ""
    from samaritan.models import MODELS  # noqa: PLC0415 - imports torch

    return MODELS.get(part.name).card.paper if part.name in MODELS else ""


def _by_number(number: str, told: str, catalogue: Sequence[Paper], reason: str) -> Reference:
    """The catalogue's paper, else what the card says about it."""
    for paper in catalogue:
        if paper.arxiv == number:
            return Reference.of_paper(paper, reason)
    title = to_latex(told.partition(", arXiv")[0] if ", arXiv" in told else f"arXiv:{number}")
    fields = {"title": title, "year": f"20{number[:2]}", "eprint": number, "archiveprefix": "arXiv"}
    return Reference(BibEntry("misc", f"arxiv{number.replace('.', '')}", fields), (reason,))
