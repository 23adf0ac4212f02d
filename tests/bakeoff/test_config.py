"""From settings to the plan."""

from __future__ import annotations

from typing import Any

import pytest

from samaritan.bakeoff import BakeoffConfig
from samaritan.bakeoff._config import plan
from samaritan.core import InputError


def config(**content: Any) -> BakeoffConfig:
    train = {"data": ["discs"], "model": "tiny-litemedsam", "steps": 5, **content.pop("train", {})}
    return BakeoffConfig.parse({"methods": ["lora", "decoder"], "train": train, **content}, "The test")


def test_the_base_comes_first_then_everything_in_full_then_few() -> None:
    arms = [arm.folder for arm in plan(config(seeds=[0, 1], few=[5, 2, 9]), 9)]
    assert arms == [
        "base",
        "lora-seed0", "decoder-seed0", "lora-seed1", "decoder-seed1",
        "lora-few2-seed0", "decoder-few2-seed0", "lora-few2-seed1", "decoder-few2-seed1",
        "lora-few5-seed0", "decoder-few5-seed0", "lora-few5-seed1", "decoder-few5-seed1",
    ]  # fmt: skip  # 9 would train on all patients, which the arms in full do already


def test_arms_differ_in_method_seed_and_number_of_patients_only() -> None:
    whole = config(methods=["lora:rank=2"], seeds=[3], few=[2], train={"batch": 7, "rate": 0.01})
    arms = plan(whole, 5)
    few = arms[2].config(whole, "split.json", "base/test")
    assert few.train.model_dump(
        exclude={"method", "settings", "seed", "train_cases", "split"}
    ) == whole.train.model_dump(exclude={"method", "settings", "seed", "train_cases", "split"})
    assert (few.train.settings, few.train.seed, few.train.train_cases) == ({"rank": 2}, 3, 2)
    assert (few.train.split, few.base, few.adapt) == ("split.json", "base/test", True)
    base = arms[0].config(whole, "split.json", "base/test")
    assert (base.adapt, base.base) == (False, None)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"methods": ["lora", "lora"]}, "methods has something twice: lora"),
        ({"methods": []}, "methods"),
        ({"seeds": [1, 1]}, "seeds has something twice"),
        ({"seeds": [-1]}, "seed"),
        ({"few": [0]}, "at least 1"),
        ({"train": {"minutes": 1, "steps": 5}}, "one of them"),
        ({"budget": 3}, "budget"),
    ],
)
def test_what_does_not_go_together_is_refused(content: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        config(**content)


def test_methods_seeds_and_few_may_grow_all_else_is_a_difference() -> None:
    small = config()
    assert small.differences(config(methods=["decoder"], seeds=[4], few=[1])) == []
    assert small.differences(config(train={"batch": 9}, score={"prompts": ["point"]})) == [
        "train.batch",
        "score.prompts",
    ]
