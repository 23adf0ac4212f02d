from __future__ import annotations

from pathlib import Path

import pytest

from samaritan.annotate.messages import NewLabel
from samaritan.annotate.workspace._labels import Labels, check_names, plain
from samaritan.core import InputError, UsageError


def test_labels_keep_their_values_and_colours(tmp_path: Path) -> None:
    labels = Labels(tmp_path / "labels.json")
    assert labels.add(NewLabel(name="liver")).colour == "#ffb000"
    labels.add(NewLabel(name="spleen", colour="#010203"))
    assert labels.take_over({7: "kidney", 2: "a/b", 9: "liver"}) == {7: "kidney", 2: "a_b", 9: "liver"}
    again = Labels(tmp_path / "labels.json")
    assert again.values == {"liver": 1, "spleen": 2, "kidney": 7, "a_b": 3}
    assert [label.name for label in again.all] == ["liver", "spleen", "kidney", "a_b"]
    assert again.all[1].colour == "#010203"
    again.add(NewLabel(name="liver", colour="#000000"))
    assert Labels(tmp_path / "labels.json").colour("liver") == "#000000"
    assert again.add(NewLabel(name="liver")).colour == "#000000"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid"),
        ('{"labels": [{"name": "a", "value": 1}]}', "colour"),
        ('{"labels": [{"name": "a", "value": 1, "colour": "#000000"}, {"name": "b", "value": 1, "colour": "#000000"}]}',
         "two labels have the same value"),
        ('{"labels": [{"name": "a", "value": 0, "colour": "#000000"}]}', "value"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(InputError, match=message):
        Labels(tmp_path / "labels.json")


def test_what_is_no_label(tmp_path: Path) -> None:
    labels = Labels(tmp_path / "labels.json")
    with pytest.raises(InputError, match="no label 'x'; the labels are none yet"):
        labels.check("x")
    for name in ("", "a/b", "x" * 65, "a\nb", "  "):
        with pytest.raises(UsageError, match="cannot be used"):
            check_names([name])
    check_names(["left kidney", "Leber (rechts)"])
    assert plain("") == "_"


def test_the_palette_begins_again(tmp_path: Path) -> None:
    labels = Labels(tmp_path / "labels.json")
    colours = [labels.add(NewLabel(name=f"l{number}")).colour for number in range(9)]
    assert len(set(colours[:8])) == 8
    assert colours[8] == colours[0]
