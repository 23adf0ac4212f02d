"""Coded concepts: what a label means in a terminology, so that another program understands it without reading its name."""

from __future__ import annotations

from dataclasses import dataclass

from samaritan.core.errors import InputError


@dataclass(frozen=True)
class Code:
    """One concept of a coding scheme, as DICOM writes it down (PS3.3, section 8).

    Attributes:
        value: the code, at most 16 characters, such as "10200004".
        scheme: who defines it, such as "SCT" (SNOMED CT), "DCM", or "99..." for a scheme of one's own.
        meaning: the concept in words, at most 64 characters.

    Raises:
        InputError: one of them is empty or too long.
    """

    value: str
    scheme: str
    meaning: str

    def __post_init__(self) -> None:
        for what, text, most in (("value", self.value, 16), ("scheme", self.scheme, 16), ("meaning", self.meaning, 64)):
            if not 0 < len(text.strip()) <= most or "\\" in text or not text.isprintable():
                raise InputError(f"The {what} {text!r} of a code is not usable; give 1 to {most} printable characters.")


@dataclass(frozen=True)
class Term:
    """What a label means.

    Attributes:
        category: the kind of thing: anatomical structure, tissue, abnormal structure ...
        type: the thing itself.
        side: left or right, where it is said.
        region: where in the body it lies, for a lesion whose name says so.
    """

    category: Code
    type: Code
    side: Code | None = None
    region: Code | None = None


ANATOMY = Code("91723000", "SCT", "Anatomical Structure")
TISSUE = Code("85756007", "SCT", "Tissue")
ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")

#: What is said of a label that nobody has coded.
UNKNOWN = Term(TISSUE, TISSUE)
