"""From the name of a label to its code: by the lists of segmentation property types that come with DICOM, never by guessing.

The lists (PS3.16, CID 7191 tissues, 7192 anatomical structures, 7194 lesions) are those of pydicom; a name is found when it
is the meaning of one of their codes, or one of the few other spellings below. What is not found is "Tissue", as in 3D Slicer.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from samaritan.core import ABNORMAL, ANATOMY, TISSUE, UNKNOWN, Code, LabelMap, Term

_LISTS = ((7192, ANATOMY), (7191, TISSUE), (7194, ABNORMAL))  # a later one wins

_SIDES = {"left": "Left", "l": "Left", "right": "Right", "r": "Right"}

#: Other words for the meanings in the lists.
_SPELLINGS = {
    "tumor": "neoplasm", "tumour": "neoplasm", "oedema": "edema", "haemorrhage": "hemorrhage", "oesophagus": "esophagus",
    "caudate": "caudate nucleus", "accumbens": "nucleus accumbens", "pallidum": "globus pallidus", "vessel": "blood vessel",
    "urinary bladder": "bladder", "gall bladder": "gallbladder", "thyroid gland": "thyroid", "prostate gland": "prostate",
    "adrenal": "adrenal gland", "brainstem": "brain stem", "lung upper lobe": "upper lobe of lung",
    "lung lower lobe": "lower lobe of lung", "vertebrae": "vertebra", "adipose tissue": "fat",
}  # fmt: skip

#: Words that mean several things (the brain has ventricles as well as the heart), or nothing.
_UNSURE = {"ventricle", "background", "normal", "organ"}


def term_of(labelmap: LabelMap, value: int) -> Term:
    """The term that came with the label, else the one that its name stands for."""
    return labelmap.terms.get(value) or named_term(labelmap.name(value))


def named_term(name: str) -> Term:
    """The term of a label's name: "liver", "kidney_left", "Lung tumour"; :data:`samaritan.core.UNKNOWN` where none is sure."""
    words = re.sub(r"[\W_]+", " ", name).lower().split()
    for side, rest in _without_side(words):
        if (found := _known(" ".join(rest))) is not None:
            return Term(*found, side=side)
        lesion = _known(" ".join(rest[-1:]))
        region = _known(" ".join(rest[:-1]))
        if lesion is not None and lesion[0] == ABNORMAL and region is not None:
            return Term(*lesion, side=side, region=region[1])
    return UNKNOWN


def _without_side(words: list[str]) -> list[tuple[Code | None, list[str]]]:
    """The words as they are, since "left atrium" is one concept, then without the word that says the side."""
    sides = [word for word in words if word in _SIDES]
    if len(sides) != 1:
        return [(None, words)]
    return [(None, words), (_code("cid244", _SIDES[sides[0]]), [word for word in words if word not in _SIDES])]


def _known(words: str) -> tuple[Code, Code] | None:
    """(category, type) of a meaning, also in the plural, or None."""
    for spelling in (words, words.removesuffix("s")):
        meaning = _SPELLINGS.get(spelling, spelling)
        if meaning in _UNSURE:
            return None
        if meaning in _meanings():
            return _meanings()[meaning]
    return None


@cache
def _meanings() -> dict[str, tuple[Code, Code]]:
    found: dict[str, tuple[Code, Code]] = {}
    sure: dict[str, set[str]] = {}
    for number, category in _LISTS:
        listed = _codes(f"cid{number}")
        for keyword in listed.dir():
            code = _of(getattr(listed, keyword))
            found[code.meaning.lower()] = (category, code)
            sure.setdefault(code.meaning.lower(), set()).add(code.value)
    return {meaning: pair for meaning, pair in found.items() if len(sure[meaning]) == 1}


def _code(group: str, keyword: str) -> Code:
    return _of(getattr(_codes(group), keyword))


def _codes(group: str) -> Any:
    from pydicom.sr.codedict import codes

    return getattr(codes, group)


def _of(code: Any) -> Code:
    return Code(code.value, code.scheme_designator, code.meaning)
