from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from samaritan.core import FormatError, InputError
from samaritan.datasets import Dataset, open_datasets

from .conftest import ell, volume, write_json, write_nifti, write_png

TWO = {"0": "T2", "1": "ADC"}


def opened(folder: Path) -> Dataset:
    (dataset,) = open_datasets([str(folder)])
    return dataset


def test_what_dataset_json_says(nnunet: Path) -> None:
    dataset = opened(nnunet)
    assert [case.case_id for case in dataset.cases] == ["x_001", "x_002"]
    assert dataset.modality == "CT"
    assert dict(dataset.cases[0].names) == {1: "liver", 2: "tumour"}
    assert np.array_equal(dataset.cases[1].read_image().data, volume(1))


def test_several_channels_need_a_choice(nnunet: Path) -> None:
    for case in ("x_001", "x_002"):
        write_nifti(nnunet / "imagesTr" / f"{case}_0001.nii.gz", volume(9))
    write_json(nnunet, channel_names=TWO, labels={"background": 0, "a": 1, "b": 2}, file_ending=".nii.gz")
    with pytest.raises(InputError, match=r"several channels \(0 T2, 1 ADC\); choose one with 'channel:'"):
        opened(nnunet)
    for choice in ("adc", "1"):
        (nnunet / "dataset.yaml").write_text(f"channel: {choice}")
        dataset = opened(nnunet)
        assert dataset.modality == "MR"
        assert np.array_equal(dataset.cases[0].read_image().data, volume(9))
    (nnunet / "dataset.yaml").write_text("channel: t9")
    with pytest.raises(InputError, match="no channel 't9'; it has 0 T2, 1 ADC"):
        opened(nnunet)


def test_a_colour_picture_is_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "rgb"
    colours = np.random.default_rng(0).integers(0, 255, (12, 10, 3), np.uint8)
    write_png(folder / "imagesTr" / "a_0000.png", colours)
    write_png(folder / "labelsTr" / "a.png", ell((12, 10)))
    write_json(folder, channel_names={"0": "R", "1": "G", "2": "B"}, labels={"x": 1, "y": 2}, file_ending=".png")
    case = opened(folder).cases[0]
    assert np.array_equal(case.read_image().data[:, :, 0], colours)
    assert case.modality is None


def test_ignore_label_and_regions(nnunet: Path) -> None:
    labels = {"background": 0, "whole": [1, 2], "core": [1], "ignore": 2}
    write_json(nnunet, channel_names={"0": "CT"}, labels=labels, file_ending=".nii.gz")
    dataset = opened(nnunet)
    assert dict(dataset.cases[0].names) == {1: "core"}
    assert dataset.cases[0].read_references["reference"]().labels() == [1]
    assert dataset.notes == ("Regions of several values are not scored as one target: whole.",)


def test_unpaired_cases_are_named(nnunet: Path) -> None:
    (nnunet / "labelsTr" / "x_001.nii.gz").unlink()
    shutil.copy(nnunet / "labelsTr" / "x_002.nii.gz", nnunet / "labelsTr" / "x_009.nii.gz")
    dataset = opened(nnunet)
    assert [case.case_id for case in dataset.cases] == ["x_002"]
    assert "left out: x_001." in dataset.notes[0]
    assert dataset.notes[1].endswith("no image: x_009.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{broken", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[1]", "must hold a JSON object"),
        ('{"file_ending": ".png", "labels": 7}', "'labels' in .* must be a dict"),
        ('{"file_ending": ".png", "labels": {"a": "1"}}', "Label 'a' in .* must be a number"),
        ('{"file_ending": ".png", "channel_names": {"x": "CT"}}', "must be numbered"),
    ],
)
def test_a_dataset_json_that_cannot_be_used(nnunet: Path, content: str, message: str) -> None:
    (nnunet / "dataset.json").write_text(content)
    with pytest.raises(FormatError, match=message):
        opened(nnunet)
