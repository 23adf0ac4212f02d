from __future__ import annotations

import pytest

from samaritan.core import UnknownNameError, UsageError
from samaritan.predict.framing import make_framing


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zoom", "zoom:1.5; received 'zoom'"),
        ("zoom:0.5", "number from 1 to 20"),
        ("zoom:nan", "received 'zoom:nan'"),
        ("zoom:wide", "received 'zoom:wide'"),
        ("tiles:1.5", "whole number from 1 to 32"),
        ("tiles:0", "received 'tiles:0'"),
        ("whole:2", "takes nothing behind its name"),
        ("auto:2+", "received 'auto'"),
        ("auto:2,3", "received 'auto:2,3'"),
    ],
)
def test_what_a_framing_does_not_take_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_framing(text)


def test_an_unknown_framing_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="zoom"):
        make_framing("zom:2")


def test_canonical_names() -> None:
    assert [make_framing(text).name for text in (" zoom: 2.0", "tiles", "tiles:3", "whole", "auto:2+1.3", "auto:1.3+2+3")] == [
        "zoom:2", "tiles:2", "tiles:3", "whole", "auto:1.3+2", "auto",
    ]  # fmt: skip
