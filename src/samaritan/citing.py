"""What a run, an adapter, a model, a method, a prompt or a data set rests on, as references."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from samaritan.catalog.bibtex_reader import BibEntry
from samaritan.catalog.everything import all_papers
from samaritan.catalog.latex import to_latex
from samaritan.catalog.plain_yaml import parse
from samaritan.catalog.record import Paper, one_line
from samaritan.catalog.references import ITSELF, Reference, merged, sources
from samaritan.core.errors import FormatError, InputError, UnknownNameError
from samaritan.core.public_data import PUBLIC_DATA, canonical
from samaritan.core.text import read_text

#: Kinds of parts, and the rooms in which their names are registered.
_ROOMS = {"model": "models", "method": "adapt", "prompt": "prompts", "metric": "evaluate"}

#: Prompts that are published beside those which the catalogue links, and options of prompts -> arXiv number.
_PROMPTS = {"everything": "2304.02643", "image": "2404.09957"}
_OPTIONS = {"jitter=medsam": "2304.12306", "jitter=sam-med2d": "2308.16184"}

#: What every benchmark computes, and what it does where there are several arms to compare.
_SCORES = ("dice", "iou", "nsd", "hd95_mm", "assd_mm", "volume_difference")
_ALONE, _COMPARED = ("bootstrap",), ("wilcoxon", "holm")

_ARXIV = re.compile(r"\d{4}\.\d{4,5}")


@dataclass(frozen=True)
class Part:
    """One thing that a result rests on.

    Attributes:
        kind: ``model``, ``method``, ``prompt``, ``metric``, ``statistics`` or ``data set``.
        name: as the package calls it.
        paper: what its card says, where it was read from a record.
    """

    kind: str
    name: str
    paper: str | None = None


@dataclass(frozen=True)
class Cited:
    """References, and sentences about parts that have none."""

    references: list[Reference]
    notes: list[str]


def cite(targets: Iterable[str]) -> Cited:
    """References of everything that ``targets`` rest on, this package last.

    Args:
        targets: folders of runs, adapter files, records of masks, data sets; or names of models, methods, prompts, metrics and
            data sets, or keys of papers.

    Raises:
        UnknownNameError: something is neither; the message has near names.
        InputError: a file or folder is nothing that this package writes, or is damaged.
    """
    catalogue = all_papers()
    references: list[Reference] = []
    notes: list[str] = []
    for target in targets:
        paper = next((one for one in catalogue if target in (one.key, one.arxiv)), None)
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
        yield from _in_file_or_folder(path)


def _in_file_or_folder(path: Path) -> list[Part]:
    """What a result says that it rests on; what is no name in it is told here, where the file is known."""
    read = _in_folder if path.is_dir() else {".safetensors": _in_adapter, ".json": _in_record}.get(path.suffix)
    if read is None:
        raise InputError(
            f"{path} is no adapter (.safetensors) and no record of a mask (.json); give one, a run folder or a name."
        )
    try:
        return [Part(one.kind, one_line(one.name), one.paper and one_line(one.paper)) for one in read(path)]
    except (AttributeError, KeyError, TypeError, PydanticCustomError) as error:
        raise FormatError(f"{path} is damaged: its record is not as samaritan writes it ({error}).") from error


def _named(target: str, catalogue: Sequence[Paper]) -> Iterator[Part]:
    """Everything that has this name: sam-med2d is a model and a method."""
    names = {"model": target.partition("@")[0], "method": target.partition(":")[0], "prompt": target, "metric": target}
    kinds = [kind for kind in _ROOMS if _linked(Part(kind, names[kind]), catalogue)]
    if not kinds and canonical(target) is None and target not in PUBLIC_DATA and not target.startswith("samples"):
        kinds = [kind for kind, known in _registered().items() if _head(Part(kind, names[kind])) in known]
    yield from (Part(kind, names[kind]) for kind in kinds)
    if target.startswith("samples"):
        yield from _builtin(target)
    elif (name := canonical(target)) is not None or target in PUBLIC_DATA:
        yield Part("data set", name or target)


def _registered() -> dict[str, list[str]]:
    """Kind -> names, of those too that rest on nobody's paper."""
    from samaritan.adapt import METHODS  # noqa: PLC0415 - imports torch, which linked names do not need
    from samaritan.evaluate import METRICS  # noqa: PLC0415
    from samaritan.models import MODELS  # noqa: PLC0415
    from samaritan.prompts import PROMPTS  # noqa: PLC0415

    return {"model": MODELS.names(), "method": METHODS.names(), "prompt": PROMPTS.names(), "metric": METRICS.names()}


def _head(part: Part) -> str:
    """The name without settings: huang of huang:S6."""
    return part.name.partition(":")[0]


def _linked(part: Part, catalogue: Sequence[Paper]) -> list[Paper]:
    """The papers that the catalogue says an entry rests on."""
    wanted = (_ROOMS.get(part.kind, ""), _head(part))
    return [paper for paper in catalogue if wanted in ((one.room, one.name) for one in paper.implemented)]


def _unknown(target: str, catalogue: Sequence[Paper]) -> UnknownNameError:
    names = [name for known in _registered().values() for name in known]
    near = difflib.get_close_matches(
        target, [*names, *PUBLIC_DATA, *(paper.key for paper in catalogue)], n=3, cutoff=0.6
    )
    hint = (
        f"did you mean {' or '.join(dict.fromkeys(near))}?"
        if near
        else "samaritan models, methods and papers list names."
    )
    return UnknownNameError(
        f"{target[:200]!r} is no file, folder, model, method, prompt, metric, data set or key of a paper; {hint}"
    )


def _builtin(name: str) -> Iterator[Part]:
    from samaritan.datasets import open_datasets  # noqa: PLC0415 - reads the samples

    for dataset in open_datasets([name]):
        yield from _data(dataset.sources or (dataset.name,))


def _in_folder(path: Path) -> Iterator[Part]:
    if (path / "provenance.json").is_file():
        yield from _in_benchmark(path)
    elif (path / "bakeoff.yaml").is_file():
        yield from _in_bakeoff(_yaml(path / "bakeoff.yaml"))
    elif (path / "adapter.safetensors").is_file():
        yield from _in_adapter(path / "adapter.safetensors")
    elif (path / "dataset.yaml").is_file():
        yield from _data(_listed(_yaml(path / "dataset.yaml"), "sources") or (path.name,))
    else:
        raise InputError(
            f"{path} holds no provenance.json, bakeoff.yaml, adapter.safetensors or dataset.yaml; give a folder that samaritan "
            "benchmark, bakeoff or adapt wrote, or a data set."
        )


def _in_benchmark(path: Path) -> Iterator[Part]:
    content = _json(path / "provenance.json")
    for name, card in content.get("models", {}).items():
        yield Part("model", name, card.get("paper"))
    for card in content.get("adaptations", {}).values():
        yield Part("method", card["method"])
    config = _yaml(path / "config.yaml")
    for prompt in _listed(config, "prompts"):
        yield Part("prompt", prompt)
    yield from _data(
        name for dataset in content.get("datasets", ()) for name in dataset.get("sources") or [dataset["name"]]
    )
    arms = len(content.get("models", {})) * len(_listed(config, "prompts")) * (1 + len(content.get("adaptations", {})))
    yield from _measured(several=arms > 1)


def _in_bakeoff(config: Mapping[str, Any]) -> Iterator[Part]:
    train, score = config.get("train", {}), config.get("score", {})
    yield Part("model", str(train.get("model", "")).partition("@")[0])
    for method in _listed(config, "methods"):
        yield Part("method", str(method).partition(":")[0])
    for prompt in (*_listed(train, "prompts"), *_listed(score, "prompts")):
        yield Part("prompt", prompt)
    yield from _data(_listed(train, "data"))
    yield from _measured(several=True)


def _in_adapter(path: Path) -> Iterator[Part]:
    """The header of an adapter file; its tensors are not read."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(size, 1 << 24)))
        content = json.loads(header["__metadata__"]["samaritan_adapter"])
        base, method = str(content["base"]), str(content["method"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(f"{path} is damaged, or no adapter that samaritan adapt wrote.") from error
    yield Part("model", base.partition("@")[0])
    yield Part("method", method)
    for prompt in content.get("prompts", ()):
        yield Part("prompt", prompt)
    data = content.get("data", {})
    yield from _data(data.get("sources") or data.get("datasets") or ())


def _in_record(path: Path) -> Iterator[Part]:
    content = _json(path)
    model = content.get("model")
    if not isinstance(model, dict) or "name" not in model:
        raise InputError(f"{path} is no record of a mask that samaritan segment wrote.")
    yield Part("model", str(model["name"]).partition("@")[0])
    adapter = content.get("adapter")
    if adapter:
        yield Part("method", adapter["method"])


def _data(names: Iterable[str]) -> Iterator[Part]:
    for name in dict.fromkeys(names):
        if name not in ("phantom", "private"):
            yield Part("data set", canonical(name) or name)


def _measured(*, several: bool) -> Iterator[Part]:
    yield from (Part("metric", name) for name in _SCORES)
    for name in (*_ALONE, *(_COMPARED if several else ())):
        yield Part("statistics", name)


def _references(part: Part, catalogue: Sequence[Paper]) -> list[Reference]:
    reason = f"{part.kind} {part.name}"
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


def _listed(config: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A setting that is a list; who writes one by hand may write its only word without brackets."""
    value = config.get(name) or ()
    return (value,) if isinstance(value, str) else tuple(value)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} is damaged: {error}.") from error
    if not isinstance(content, dict):
        raise FormatError(f"{path} is damaged: it holds no record.")
    return content


def _yaml(path: Path) -> dict[str, Any]:
    content = parse(read_text(path), str(path))
    if not isinstance(content, dict):
        raise FormatError(f"{path} is damaged: it holds no settings.")
    return content
