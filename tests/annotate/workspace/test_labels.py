from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samaritan.annotate.messages import NewLabel
from samaritan.annotate.workspace._labels import Labels, check_names, plain
from samaritan.core import InputError, UsageError


def test_no_two_of_many_labels_look_alike(tmp_path: Path) -> None:
    labels = Labels(tmp_path / "labels.json")
    colours = [labels.add(NewLabel(name=f"rib {number}")).colour for number in range(24)]
    assert len(set(colours)) == 24
    parts = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in colours])
    apart = np.abs(parts[:, None] - parts[None]).max(axis=-1) + 255 * np.eye(24)
    assert apart.min() > 25


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


def test_a_renamed_label_keeps_value_and_colour_and_its_earlier_names_mean_it(tmp_path: Path) -> None:
    labels = Labels(tmp_path / "labels.json")
    for name in ("liver", "spleen"):
        labels.add(NewLabel(name=name))
    labels.rename("liver", "hepar")
    labels.rename("hepar", "Leber")
    again = Labels(tmp_path / "labels.json")
    assert again.values == {"Leber": 1, "spleen": 2}
    assert [again.current(name) for name in ("liver", "hepar", "Leber", "spleen", "lung")] == [
        "Leber", "Leber", "Leber", "spleen", "lung",
    ]  # fmt: skip
    assert again.colour("liver") == again.colour("Leber") == "#ffb000"
    assert again.named({1: "liver", 2: "spleen"}) == {1: "Leber", 2: "spleen"}
    assert again.take_over({5: "liver", 6: "lung"}) == {5: "Leber", 6: "lung"}
    again.restore(["liver", "hepar"])
    again.add(NewLabel(name="hepar"))
    assert list(again.values) == ["Leber", "spleen", "lung"]
    again.rename("Leber", "liver")  # back
    assert again.current("Leber") == "liver"
    assert Labels(tmp_path / "labels.json").all == again.all


@pytest.mark.parametrize(
    ("name", "to", "error", "words"),
    [
        ("lung", "pulmo", InputError, "no label 'lung'"),
        ("liver", "spleen", InputError, "'spleen' is the name of another label; choose another name for 'liver'"),
        ("liver", "milt", InputError, "'milt' was the name of 'spleen' before"),
        ("liver", "a/b", UsageError, "cannot be used"),
    ],
)
def test_names_that_mean_something_else_are_refused(
    tmp_path: Path, name: str, to: str, error: type[Exception], words: str
) -> None:
    labels = Labels(tmp_path / "labels.json")
    for one in ("liver", "milt"):
        labels.add(NewLabel(name=one))
    labels.rename("milt", "spleen")
    before = (tmp_path / "labels.json").read_bytes()
    with pytest.raises(error, match=words):
        labels.rename(name, to)
    assert (tmp_path / "labels.json").read_bytes() == before
