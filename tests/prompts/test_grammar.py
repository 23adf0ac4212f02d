from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.core import UnknownNameError, UsageError
from samaritan.prompts import make_prompt


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("box", "box"),
        (" box:jitter=10.0px , margin=0.10 ", "box:margin=0.1,jitter=10px"),
        ("box:margin=0.1:jitter=10px", "box:margin=0.1,jitter=10px"),
        ("box:single", "box"),
        ("box:oracle", "box:candidates=oracle"),
        ("point:centre", "point"),
        ("points:05", "points:5"),
        ("points:5+0", "points:5"),
        ("clicks:10:feedback=logits", "clicks:10"),
        ("everything:32", "everything"),
        ("mazurowski:3:first", "mazurowski:3"),
        ("mazurowski:3:oracle", "mazurowski:3:candidates=oracle"),
        ("huang:S1:oracle", "huang:S1"),
    ],
)
def test_canonical_name(text: str, canonical: str) -> None:
    assert make_prompt(text).name == canonical


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("bax", "did you mean box"),
        ("clickz:3", "did you mean clicks"),
        ("", "known are: box"),
        ("huang:s3", "did you mean S3"),
        ("mazurowski:6", "known are 1, 2, 3, 4, 5"),
    ],
)
def test_unknown_name_is_answered_with_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(UnknownNameError, match=hint):
        make_prompt(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("box:marign=1", "did you mean margin.*allowed are candidates, margin, shift, jitter, overlap"),
        ("box:margin=x", "0.1, or pixels such as 10px"),
        ("box:margin=-1", "cannot take '-1' as margin"),
        ("box:overlap=2", "a number from 0.05 to 1"),
        ("box:overlap=0.5,margin=0.1", "takes overlap alone"),
        ("box:jitter=sam", "one of medsam, sam-med2d, or a fraction"),
        ("box:3", "takes nothing without a key"),
        ("box:alias=huang", "no option 'alias'"),
        ("box:margin=1,margin=2", "says margin twice"),
        ("box:oracle,candidates=first", "says candidates twice"),
        ("box:", "empty part"),
        ("box:margin=", "empty part"),
        ("box:candidates=best", "single, first, quality, oracle"),
        ("points", "needs a count, as in points:5"),
        ("points:0", "from 1 to 1000"),
        ("points:5+", "such as 5\\+5"),
        ("clicks:0", "from 1 to 100"),
        ("point:middle", "centre, random, centroid"),
        ("everything:first", "allowed is one of oracle"),
        ("huang", "takes one mode"),
        ("huang:S2:start=random", "takes one mode"),
    ],
)
def test_wrong_form_says_what_is_allowed(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        make_prompt(text)


@settings(max_examples=50)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "margin": st.floats(0, 2).map(str),
            "shift": st.integers(0, 30).map("{}px".format),
            "jitter": st.sampled_from(["medsam", "sam-med2d", "0.1", "10-20px"]),
            "candidates": st.sampled_from(["single", "first", "quality", "oracle"]),
        },
    )
)
def test_any_options_survive_the_name(options: dict[str, str]) -> None:
    said = ",".join(f"{key}={value}" for key, value in options.items())
    strategy = make_prompt(f"box:{said}" if said else "box")
    assert make_prompt(strategy.name) == strategy
