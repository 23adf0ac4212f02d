"""What results rest on, read from the folders and files that this package writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from samaritan.catalog.plain_yaml import parse
from samaritan.catalog.record import one_line
from samaritan.citing._scores import rater_scores
from samaritan.core.errors import FormatError, InputError
from samaritan.core.public_data import canonical
from samaritan.core.text import read_text

#: What every benchmark computes, and what it does where there are several arms to compare.
_SCORES = ("dice", "iou", "nsd", "hd95_mm", "assd_mm", "volume_difference")
_ALONE, _COMPARED = ("bootstrap",), ("wilcoxon", "holm")
STATISTICS = (*_ALONE, *_COMPARED)


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


def in_file_or_folder(path: Path) -> list[Part]:
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


def in_samples(name: str) -> Iterator[Part]:
    from samaritan.datasets import open_datasets  # noqa: PLC0415 - reads the samples

    for dataset in open_datasets([name]):
        yield from _data(dataset.sources or (dataset.name,))


def _in_folder(path: Path) -> Iterator[Part]:
    if (path / "provenance.json").is_file():
        yield from _in_benchmark(path)
    elif (path / "bakeoff.yaml").is_file():
        yield from _in_bakeoff(_yaml(path / "bakeoff.yaml"))
        if any(path.glob("*/raters.jsonl")):
            yield from (Part("metric", name) for name in rater_scores())
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
