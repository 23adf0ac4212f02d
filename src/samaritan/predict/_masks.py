"""Which label maps go into which files, with the codes that people gave their targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from samaritan.core import LabelMap, Term
from samaritan.predict._outputs import Outputs
from samaritan.predict.segmentation import Segmentation


def masks_to_write(
    segmentation: Segmentation, outputs: Outputs, terms: Mapping[str, Term]
) -> Iterator[tuple[Path, list[LabelMap]]]:
    """Each mask file with its label map, or with one for each target where they may overlap in one file."""
    parts = ((name, _with_terms(part, terms)) for name, part in segmentation.parts())
    if is_joined(segmentation, outputs):
        yield outputs.masks[""], [_numbered(part, value) for value, (_, part) in enumerate(parts, start=1)]
        return
    for name, part in parts:
        yield outputs.masks[name], [part]


def is_joined(segmentation: Segmentation, outputs: Outputs) -> bool:
    """Whether targets that may overlap lie in one file, and so have a value each."""
    return segmentation.overlap == "separate" and "" in outputs.masks


def _with_terms(part: LabelMap, terms: Mapping[str, Term]) -> LabelMap:
    return replace(part, terms={value: terms[name] for value, name in part.names.items() if name in terms})


def _numbered(part: LabelMap, value: int) -> LabelMap:
    """The map of one target, value 1, with another value."""
    data = part.data.astype(np.min_scalar_type(value)) * value
    return LabelMap(data, part.geometry, {value: part.names[1]}, {value: part.terms[1]} if part.terms else {})
