"""Which slice somebody looks at."""

from __future__ import annotations

import pytest

from samaritan.annotate.messages import Focus
from samaritan.core import PromptError

from .conftest import Page


def test_attention_needs_no_object(page: Page) -> None:
    attention = page.document.attention(Focus(plane="axial", at=page.mm(1, 2, 3)))
    assert attention.image == page.document.image_ref
    assert attention.plane == "axial"
    assert attention.index == 3


def test_a_place_outside_is_refused(page: Page) -> None:
    with pytest.raises(PromptError):
        page.document.attention(Focus(plane="axial", at=(500, 0, 0)))
