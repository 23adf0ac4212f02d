"""Methods and settings as a person writes them."""

from __future__ import annotations

from typing import Any

import pytest

from samaritan.bakeoff._spec import MethodSpec
from samaritan.core import InputError, UnknownNameError, UsageError


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("lora", {}),
        ("lora:rank=8", {"rank": 8}),
        ("lora:rank=8,alpha=16", {"rank": 8, "alpha": 16.0}),
        ("lora:targets=q,k,v,rank=2", {"targets": ["q", "k", "v"], "rank": 2}),
        ("lora:train=decoder,norms", {"train": ["decoder", "norms"]}),
        ("lora:train=", {"train": []}),
        ("lora:blocks=0,1,-1,alpha=none", {"blocks": "0,1,-1", "alpha": None}),
        ("lora:blocks=last:2", {"blocks": "last:2"}),
    ],
)
def test_settings_are_read_by_their_type(text: str, settings: dict[str, Any]) -> None:
    spec = MethodSpec.parse(text)
    assert (spec.name, spec.settings) == ("lora", settings)


def test_more_settings_join_those_of_the_text() -> None:
    assert MethodSpec.parse("lora:rank=8", ["dropout=0.1"]).settings == {"rank": 8, "dropout": 0.1}


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("lra", UnknownNameError, "lora"),
        ("lora:rank", UsageError, "key=value"),
        ("lora:rank=8,rank=4", UsageError, "twice"),
        ("lora:rang=8", InputError, "rang"),
        ("lora:rank=0", InputError, "rank"),
        ("lora:rank=many", InputError, "rank"),
        ("lora:targets=q,x", InputError, "targets"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        MethodSpec.parse(text)


def test_a_folder_is_named_by_the_text_without_what_a_file_system_dislikes() -> None:
    assert MethodSpec.parse("lora:rank=8,blocks=last:2").slug == "lora-rank=8,blocks=last-2"
