from __future__ import annotations

import numpy as np
import pytest

from samaritan.core import ABNORMAL, ANATOMY, TISSUE, UNKNOWN, Code, Geometry, InputError, LabelMap, Term
from samaritan.io import _terms
from samaritan.io._terms import named_term, term_of

LEFT, RIGHT = Code("7771000", "SCT", "Left"), Code("24028007", "SCT", "Right")
LIVER, LUNG = Code("10200004", "SCT", "Liver"), Code("39607008", "SCT", "Lung")
KIDNEY, NEOPLASM = Code("64033007", "SCT", "Kidney"), Code("108369006", "SCT", "Neoplasm")


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("Liver", Term(ANATOMY, LIVER)),
        ("kidney_left", Term(ANATOMY, KIDNEY, LEFT)),
        ("R-kidney", Term(ANATOMY, KIDNEY, RIGHT)),
        ("kidneys", Term(ANATOMY, KIDNEY)),
        ("Left ventricle", Term(ANATOMY, Code("87878005", "SCT", "Left ventricle"))),
        ("tumour", Term(ABNORMAL, NEOPLASM)),
        ("right lung tumor", Term(ABNORMAL, NEOPLASM, RIGHT, LUNG)),
        ("muscle", Term(TISSUE, Code("91727004", "SCT", "Muscle"))),
        ("L1 vertebra", Term(ANATOMY, Code("66794005", "SCT", "L1 vertebra"))),
    ],
)
def test_names_that_are_sure(name: str, term: Term) -> None:
    assert named_term(name) == term


@pytest.mark.parametrize("name", ["", "ventricles", "background", "label_1", "Läsion", "left", "left right kidney"])
def test_names_that_are_not_get_the_general_code(name: str) -> None:
    assert named_term(name) == UNKNOWN


def test_every_other_spelling_leads_to_a_code() -> None:
    assert [s for s in _terms._SPELLINGS if named_term(s) == UNKNOWN] == []


def test_a_given_term_goes_before_the_name() -> None:
    given = Term(ANATOMY, Code("X1", "99LAB", "Node seven"))
    labels = LabelMap(np.ones((1, 1, 1), np.uint8), Geometry.pixels(1, 1), {1: "liver"}, {1: given})
    assert term_of(labels, 1) == given


@pytest.mark.parametrize(
    "code", [("", "SCT", "x"), ("1" * 17, "SCT", "x"), ("1", "SCT", "x" * 65), ("1\n", "SCT", "x")]
)
def test_unusable_codes(code: tuple[str, str, str]) -> None:
    with pytest.raises(InputError, match="printable"):
        Code(*code)
