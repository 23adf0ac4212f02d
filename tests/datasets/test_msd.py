from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samaritan.core import FormatError, InputError
from samaritan.datasets import Dataset, open_datasets

from .conftest import volume, write_json, write_nifti


def opened(folder: Path) -> Dataset:
    (dataset,) = open_datasets([str(folder)])
    return dataset


def test_the_chosen_channel_of_a_4d_image(msd: Path) -> None:
    dataset = opened(msd)
    case = dataset.cases[0]
    assert (case.case_id, case.modality, dataset.licence) == ("y_1", "MR", "CC-BY-SA 4.0")
    assert dict(case.names) == {1: "edema", 2: "core"}
    assert np.array_equal(case.read_image().data, volume(50))


def test_several_channels_need_a_choice(msd: Path) -> None:
    (msd / "dataset.yaml").unlink()
    with pytest.raises(InputError, match=r"several channels \(0 FLAIR, 1 T1w\)"):
        opened(msd)


def test_one_channel_needs_none(msd: Path) -> None:
    (msd / "dataset.yaml").unlink()
    write_nifti(msd / "imagesTr" / "y_1.nii.gz", volume(3))
    pair = {"image": "imagesTr/y_1.nii.gz", "label": "labelsTr/y_1.nii.gz"}
    write_json(msd, modality={"0": "CT"}, labels={"1": "a", "2": "b"}, training=[pair])
    (case,) = opened(msd).cases
    assert case.modality == "CT"
    assert np.array_equal(case.read_image().data, volume(3))


@pytest.mark.parametrize("name", ["../../secret.nii.gz", "/etc/passwd", "imagesTr/../../x.nii"])
def test_a_path_that_leads_out_is_refused(msd: Path, name: str) -> None:
    write_json(msd, training=[{"image": name, "label": "labelsTr/y_1.nii.gz"}])
    with pytest.raises(FormatError, match="not inside the folder"):
        opened(msd)


def test_entries_of_another_form(msd: Path) -> None:
    write_json(msd, training=["imagesTr/y_1.nii.gz"])
    with pytest.raises(FormatError, match="needs 'image' and 'label'"):
        opened(msd)
    write_json(msd, training={"a": 1})
    with pytest.raises(FormatError, match=r"'training' in .* must be a list"):
        opened(msd)


def test_missing_files_are_named_and_duplicates_refused(msd: Path) -> None:
    pair = {"image": "imagesTr/y_1.nii.gz", "label": "labelsTr/y_1.nii.gz"}
    gone = {"image": "imagesTr/y_7.nii.gz", "label": "labelsTr/y_7.nii.gz"}
    channels = {"0": "FLAIR", "1": "T1w"}
    write_json(msd, modality=channels, training=[pair, gone])
    dataset = opened(msd)
    assert len(dataset.cases) == 1
    assert dataset.notes == ("1 listed cases are left out since a file is missing: y_7.nii.gz.",)
    write_json(msd, modality=channels, training=[pair, pair])
    with pytest.raises(InputError, match="two cases of the name 'y_1'"):
        opened(msd)
