"""From the name in a question to the number of the target."""

from __future__ import annotations

import pytest

from samaritan.adapt._names import check_labels, indices_of, name_of
from samaritan.core import PromptError, UsageError

LABELS = ("liver", "left kidney", "right kidney")


def test_names_become_numbers_in_the_order_of_the_labels() -> None:
    assert indices_of(["right kidney", "liver", "liver"], LABELS) == [2, 0, 0]


def test_an_unknown_name_is_answered_with_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(
        PromptError, match=r"'livr', only 'liver', 'left kidney', 'right kidney'; did you mean 'liver'\?"
    ):
        indices_of(["liver", "livr"], LABELS)
    with pytest.raises(PromptError, match=r"'xyz', only 'liver'\."):
        indices_of(["xyz"], ("liver",))


def test_a_question_without_a_name_means_the_only_target() -> None:
    assert indices_of([None], ("liver",)) == [0]
    assert name_of("spleen", ("liver",)) == "spleen"
    with pytest.raises(PromptError, match="names none; it knows 'liver'"):
        indices_of([None], LABELS)
    with pytest.raises(PromptError, match=r"names none\."):
        name_of(None, ())


def test_a_method_needs_names_and_each_once() -> None:
    assert check_labels(["a", "b"], "the method") == ("a", "b")
    with pytest.raises(UsageError, match="the method learns targets by name"):
        check_labels([], "the method")
    with pytest.raises(UsageError, match="'a' comes several times"):
        check_labels(["a", "b", "a"], "the method")
