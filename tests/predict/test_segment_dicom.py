"""A DICOM series to SEG, RTSTRUCT and pictures, as ``samaritan segment`` writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from samaritan.core import ABNORMAL, Code, InputError, Term, UsageError
from samaritan.io import read_labels, read_volume
from samaritan.predict.request import Request
from samaritan.predict.segment import segment_file
from samaritan.prompts import TargetPrompt

from ..io.conftest import ORIENTATIONS, save_dicom_file
from .conftest import ThresholdSegmenter

Make = Callable[..., Path]


@pytest.fixture
def series(tmp_path: Path) -> Make:
    """``series(**tags)`` -> 6 oblique slices of 32 x 24; bright at columns 8..19 and rows 6..13 of slices 1..4."""

    def make(**tags: Any) -> Path:
        folder = tmp_path / "SECRET^NAME" / "series"
        folder.mkdir(parents=True)
        across, down = np.reshape(ORIENTATIONS[-1], (2, 3))
        for k in range(6):
            pixels = np.random.default_rng(k).integers(0, 20, (24, 32)).astype(np.int16)
            if 1 <= k <= 4:
                pixels[6:14, 8:20] = 200
            place = {"ImageOrientationPatient": [*map(float, ORIENTATIONS[-1])],
                     "ImagePositionPatient": [round(float(v), 9) for v in 5.0 * k * np.cross(across, down)]}  # fmt: skip
            save_dicom_file(folder / f"{k}.dcm", pixels, Modality="MR", RescaleIntercept=0, **(place | tags))
        return folder

    return make


def bright() -> np.ndarray:
    mask = np.zeros((32, 24, 6), bool)
    mask[8:20, 6:14, 1:5] = True
    return mask


def ask(image: Path, **settings: Any) -> Request:
    prompts = image.parents[1] / "prompts.json"
    code = {"value": "X7", "scheme": "99LAB", "meaning": "Node seven",
            "category": {"value": "49755003", "scheme": "SCT", "meaning": "Morphologically Abnormal Structure"}}  # fmt: skip
    whole, part = {"from": [5, 3, 0], "to": [25, 18, 5]}, {"from": [10, 3, 2], "to": [14, 18, 3]}
    targets = [{"name": "liver", "boxes": [whole]}, {"name": "node", "code": code, "boxes": [part]}]
    prompts.write_text(json.dumps({"coordinates": "voxel", "targets": targets}))
    return Request.of(image, prompt_file=prompts, intensity="window:100/200", propagation="none", **settings)


def test_a_series_becomes_a_seg_of_all_targets(segmenter: ThresholdSegmenter, series: Make) -> None:
    folder = series()
    done = segment_file(ask(folder, overlap="last"), segmenter)
    assert [path.name for path in done.outputs.all()] == [
        "series_mask.dcm",
        "series_mask_preview.png",
        "series_mask.json",
    ]
    labels = read_labels(done.outputs.masks[""], like=read_volume(folder))
    node = bright() & (np.indices(bright().shape)[0] >= 10) & (np.indices(bright().shape)[0] <= 14)
    node[:, :, [0, 1, 4, 5]] = False
    assert np.array_equal(labels.data, np.where(node, 2, bright()))
    assert labels.names == {1: "liver", 2: "node"}
    assert labels.terms[1].type.value == "10200004"
    assert labels.terms[2] == Term(ABNORMAL, Code("X7", "99LAB", "Node seven"))
    for file in (done.outputs.record, done.outputs.preview):
        assert file is not None
        assert b"SECRET" not in file.read_bytes()


def test_what_propagation_reached_refers_to_its_slices(segmenter: ThresholdSegmenter, series: Make) -> None:
    folder = series()
    prompt = TargetPrompt("liver", "test", "voxel", box=((5, 3, 2), (25, 18, 2)))
    done = segment_file(Request(folder, (prompt,), intensity="window:100/200"), segmenter)
    image = read_volume(folder)
    assert np.array_equal(read_labels(done.outputs.masks[""], like=image).data > 0, bright())
    groups = pydicom.dcmread(done.outputs.masks[""]).PerFrameFunctionalGroupsSequence
    sources = {g.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID for g in groups}
    assert sources == {pydicom.dcmread(image.meta["files"][k]).SOPInstanceUID for k in (1, 2, 3, 4)}


@pytest.mark.parametrize("name", ["m.dcm", "m.rtstruct.dcm"])
def test_targets_that_overlap_share_a_file(name: str, segmenter: ThresholdSegmenter, series: Make) -> None:
    folder = series()
    done = segment_file(ask(folder, overlap="separate", output=folder.parents[1] / name), segmenter)
    written = sorted(path.name for path in folder.parents[1].iterdir() if path.name.startswith("m"))
    assert written == sorted(["m.json", name, "m_preview.png"])
    assert [target["value"] for target in done.record["targets"]] == [1, 2]
    found = pydicom.dcmread(done.outputs.masks[""])
    if name == "m.dcm":
        assert [item.SegmentLabel for item in found.SegmentSequence] == ["liver", "node"]
        assert (found.SegmentsOverlap, found.NumberOfFrames) == ("YES", 6)
    else:
        assert [item.ROIName for item in found.StructureSetROISequence] == ["liver", "node"]
        assert [len(item.ContourSequence) for item in found.ROIContourSequence] == [4, 2]


def test_text_in_the_image_keeps_it_out_of_previews_unless_asked_for(
    segmenter: ThresholdSegmenter, series: Make
) -> None:
    folder = series(BurnedInAnnotation="YES")
    done = segment_file(ask(folder), segmenter)
    assert done.outputs.preview is None
    assert done.record["preview"] is None
    assert not list(folder.parent.glob("*.png"))
    assert any("burned into the image" in warning for warning in done.record["warnings"])
    again = segment_file(ask(folder, preview=True, overwrite=True), segmenter)
    assert again.outputs.preview is not None
    assert again.outputs.preview.is_file()


def test_what_cannot_be_written_is_refused_before_work(segmenter: ThresholdSegmenter, series: Make) -> None:
    folder = series(FrameOfReferenceUID=None)
    with pytest.raises(InputError, match=r"m\.rtstruct\.dcm cannot be written: series has no place") as caught:
        segment_file(ask(folder, output=folder.parents[1] / "m.rtstruct.dcm"), segmenter)
    assert "SECRET" not in str(caught.value)
    picture = folder.parents[1] / "photo.nii.gz"
    segment_file(ask(folder, output=picture), segmenter)
    encoded = segmenter.encoded
    with pytest.raises(UsageError, match="the source is none"):
        segment_file(ask_about(picture, folder), segmenter)
    assert segmenter.encoded == encoded


def ask_about(image: Path, folder: Path) -> Request:
    return Request.of(image, boxes=["1,1,9,9@2"], output=folder.parents[1] / "n.dcm")
