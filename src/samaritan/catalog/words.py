"""Words of titles and questions, in the form in which they are compared: no case, no accents, no plural."""

from __future__ import annotations

import itertools
import re
import unicodedata

#: Letters that Unicode does not take apart, as people without them on their keyboard write them.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"})

_TOKEN = re.compile(r"[^\W_]+")
_COMPOUND = re.compile(r"[^\W_]+(?:[-\u2010-\u2013/+_.]+[^\W_]+)+")
_GENITIVE = re.compile(r"['\u2019]s\b")

#: Endings in s that are no plural: pancreas, analysis, nucleus, loss.
SINGULAR = ("ss", "us", "is", "as")

#: Said in a question, but not what it is about.
_STOP = (
    "a an and any are by do does for from has have how in is it of on or that the there to was were what which who with "
    "paper"
)
STOP = frozenset(_STOP.split())

#: Other names of one thing. A question that says one of them means all; every phrase is compared word by word.
SAME: tuple[tuple[str, ...], ...] = (
    ("us", "ultrasound", "ultrasonography", "sonography", "ultrasonic"),
    ("mri", "mr", "magnetic resonance"),
    ("ct", "computed tomography"),
    ("cbct", "cone beam ct", "cone beam computed tomography"),
    ("pet", "positron emission tomography"),
    ("oct", "optical coherence tomography"),
    ("octa", "oct angiography", "optical coherence tomography angiography"),
    ("xray", "x ray", "radiograph", "radiography"),
    ("cxr", "chest xray", "chest x ray", "chest radiograph"),
    ("em", "electron microscopy"),
    ("wsi", "whole slide", "whole slide image"),
    ("pathology", "histology", "histopathology"),
    ("dermoscopy", "dermatoscopy"),
    ("endoscopy", "colonoscopy"),
    ("echo", "echocardiography", "echocardiogram"),
    ("peft", "parameter efficient"),
    ("lora", "low rank adaptation", "low rank"),
    ("svd", "singular value"),
    ("few shot", "fewshot"),
    ("one shot", "oneshot"),
    ("zero shot", "zeroshot"),
    ("semi supervised", "semisupervised", "semi supervision"),
    ("weakly supervised", "weak supervision"),
    ("finetuning", "fine tuning", "finetune", "fine tune", "finetuned", "fine tuned"),
    ("3d", "volumetric", "volume", "three dimensional"),
    ("2d", "two dimensional"),
    ("sam2", "sam 2", "segment anything 2", "segment anything model 2"),
    ("sam3", "sam 3", "segment anything 3", "segment anything model 3"),
    ("sam", "segment anything"),
    ("tumour", "tumor", "cancer"),
    ("haemorrhage", "hemorrhage"),
    ("oesophagus", "esophagus"),
    ("foetal", "fetal", "fetus"),
    ("nucleus", "nuclei"),
    ("vertebra", "vertebrae"),
    ("kidney", "renal"),
    ("liver", "hepatic"),
    ("lung", "pulmonary"),
    ("heart", "cardiac"),
    ("tooth", "teeth", "dental"),
    ("text", "language"),
    ("survey", "review"),
)

#: A general word finds the special ones, which do not find it: asking for ultrasound finds echocardiography.
NARROWER: dict[str, tuple[str, ...]] = {
    "us": ("echocardiography", "echocardiogram"),
    "ct": ("cbct", "cone beam"),
    "xray": ("mammogram", "mammography", "cxr"),
    "pathology": ("wsi", "whole slide"),
}


def fold(text: str) -> str:
    """Small letters without accents, compatibility forms and the ``'s`` of names."""
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return _GENITIVE.sub("", bare.casefold().translate(PLAIN))


def singular(token: str) -> str:
    """A folded word without the ending of its plural; a name with a digit in it stays as it is."""
    if len(token) < 4 or not token.endswith("s") or token.endswith(SINGULAR) or not token.isalpha():
        return token
    if token.endswith("ies") and len(token) > 4:
        return token[:-3] + "y"
    if token.endswith(("sses", "xes", "ches", "shes")):
        return token[:-2]
    return token[:-1]


def tokens(text: str) -> list[str]:
    """The words of a text, folded, in the singular."""
    return [singular(token) for token in _TOKEN.findall(fold(text))]


def joined(text: str) -> list[str]:
    """Compounds written as one word: ``few-shot`` gives fewshot, ``SAM 2`` gives sam2."""
    folded = fold(text)
    glued = [singular("".join(_TOKEN.findall(compound))) for compound in _COMPOUND.findall(folded)]
    plain = _TOKEN.findall(folded)
    numbered = [a + b for a, b in itertools.pairwise(plain) if a.isalpha() and b.isdigit()]
    return [*glued, *numbered]
