from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from samaritan.core import Box, InputError, PromptError, PromptSet, ResourceError, SamaritanError, UsageError
from samaritan.io import read_labels
from samaritan.models._base import Embedding, Prediction
from samaritan.predict.request import Request
from samaritan.predict.segment import segment_file

from .conftest import ThresholdSegmenter


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """60 wide, 40 high; bright at x 10..29, y 5..14."""
    pixels = np.full((40, 60, 3), 20, np.uint8)
    pixels[5:15, 10:30] = 220
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """RAS, 0.5 x 1 x 4 mm, rotated a little; bright block at i 4..11, j 3..8, k 1..3."""
    data = np.random.default_rng(0).normal(20, 2, (16, 12, 6)).astype(np.float32)
    data[4:12, 3:9, 1:4] += 200
    affine = np.diag([0.5, 1.0, 4.0, 1.0])
    affine[:3, 3] = (-30, 12, 7)
    path = tmp_path / "scan.nii.gz"
    nib.save(nib.Nifti1Image(data, affine), path)  # type: ignore[no-untyped-call]
    return path


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_picture_in_mask_preview_and_record_out(segmenter: ThresholdSegmenter, photo: Path) -> None:
    done = segment_file(Request.of(photo, boxes=["8,3,35,20"], label="polyp"), segmenter)
    assert files(photo.parent) == ["photo.png", "photo_mask.json", "photo_mask.png", "photo_mask_preview.png"]
    mask = np.asarray(Image.open(photo.parent / "photo_mask.png"))
    expected = np.zeros((40, 60), bool)
    expected[5:15, 10:30] = True
    assert np.array_equal(mask == 1, expected)
    assert done.outputs.preview is not None
    with Image.open(done.outputs.preview) as preview:
        assert preview.width > 500
    record = json.loads(done.outputs.record.read_text())
    assert record == done.record
    (target,) = record["targets"]
    assert (target["name"], target["value"], target["voxels"], target["area_mm2"]) == ("polyp", 1, 200, None)
    assert target["prompts"] == [{"slice": 0, "box": {"from": {"voxel": [8, 3, 0]}, "to": {"voxel": [35, 20, 0]}}}]
    assert record["model"]["name"] == "threshold"
    assert record["intensity"]["policy"] == "asis"
    assert record["encode_calls"] == 1
    assert record["image"] == "photo.png"


def test_volume_keeps_its_grid_and_says_millilitres(segmenter: ThresholdSegmenter, scan: Path) -> None:
    # Shown radiologically, RAS voxels are mirrored: x = 15 - i, y = 11 - j.
    request = Request.of(
        scan, boxes=["2,1,13,10@0-5=block"], points=["6,5,2=middle"], overlap="first", propagation="none"
    )
    done = segment_file(request, segmenter)
    source: Any = nib.load(scan)
    mask: Any = nib.load(done.outputs.masks[""])
    assert np.allclose(source.affine, mask.affine, atol=1e-6)
    expected = np.zeros((16, 12, 6), bool)
    expected[4:12, 3:9, 1:4] = True
    assert np.array_equal(np.asarray(mask.dataobj) == 1, expected)
    block, middle = done.record["targets"]
    assert block["volume_ml"] == pytest.approx(expected.sum() * 2.0 / 1000)
    assert [entry["pixels"] for entry in block["slices"]] == [0, 48, 48, 48, 0, 0]
    assert middle["prompts"][0]["points"] == [{"voxel": [9, 6, 2], "mm": [-25.5, 18, 15], "label": 1}]
    assert any("claimed by more than one of block, middle" in text for text in done.record["warnings"])
    assert done.record["overlap"] == {"rule": "first", "voxels": 13}
    assert segmenter.encoded == 6


def test_volume_is_segmented_beyond_the_prompted_slice_and_the_record_says_how(
    segmenter: ThresholdSegmenter, scan: Path
) -> None:
    done = segment_file(Request.of(scan, boxes=["2,1,13,10@2=block"]), segmenter)
    assert np.argwhere(done.segmentation.mask("block")).min(axis=0).tolist() == [4, 3, 1]
    assert done.segmentation.mask("block").sum() == 8 * 6 * 3
    assert done.record["propagation"] == "sequence"
    (block,) = done.record["targets"]
    assert [(entry["slice"], entry["from"]) for entry in block["slices"]] == [
        (1, "chain"), (2, "prompt"), (3, "chain"),
    ]  # fmt: skip
    assert block["propagation"] == {
        "strategy": "sequence",
        "slices_prompted": [2],
        "slices_visited": 5,
        "chains": [
            {"from": 2, "towards": "lower", "last": 1, "stop": "empty: the model found nothing"},
            {"from": 2, "towards": "higher", "last": 3, "stop": "empty: the model found nothing"},
        ],
    }
    assert done.record["encode_calls"] == segmenter.encoded == 5
    assert json.loads(done.outputs.record.read_text()) == done.record


def test_box_with_depth_is_asked_on_its_slices_and_goes_no_further(segmenter: ThresholdSegmenter, scan: Path) -> None:
    request = Request.of(scan, boxes=["2,1,13,10@2-3=block"], points=["6,5,2:-=block"])
    done = segment_file(request, segmenter)
    (block,) = done.record["targets"]
    assert block["propagation"]["slices_prompted"] == [2, 3]
    assert [(chain["from"], chain["stop"]) for chain in block["propagation"]["chains"]] == [
        (2, "reached the bound given, slice 2"),
        (2, "reached the prompted slice 3"),
        (3, "reached the prompted slice 2"),
        (3, "reached the bound given, slice 3"),
    ]
    assert [entry["pixels"] for entry in block["slices"]] == [48 - 13, 48]  # the click took its surroundings away


def test_three_planes_vote_and_are_named(segmenter: ThresholdSegmenter, scan: Path) -> None:
    done = segment_file(Request.of(scan, boxes=["2,1,13,10@2=block"], planes="three", intensity="asis"), segmenter)
    assert done.record["planes"] is None  # pixels of the others are four and eight times as long as wide
    assert sum("No vote was taken, axial slices decide" in text for text in done.record["warnings"]) == 1
    with pytest.raises(UsageError, match="no choice of planes 'two'"):
        segment_file(Request.of(scan, boxes=["2,1,13,10@2"], planes="two", overwrite=True), segmenter)


def test_line_is_the_only_prompt(segmenter: ThresholdSegmenter, scan: Path) -> None:
    done = segment_file(Request.of(scan, lines=["4,3,11,8@2=block"], overwrite=True), segmenter)
    assert done.segmentation.mask("block").sum() == 8 * 6 * 3
    (prompt,) = done.record["targets"][0]["prompts"]
    assert prompt["slice"] == 2


def test_separate_targets_have_files_of_their_own(segmenter: ThresholdSegmenter, scan: Path) -> None:
    request = Request.of(
        scan, boxes=["2,1,13,10@1-3=whole gland", "2,1,7,10@2=left/lobe"], overlap="separate", propagation="none"
    )
    done = segment_file(request, segmenter)
    assert {name: path.name for name, path in done.outputs.masks.items()} == {
        "whole gland": "scan_mask_whole-gland.nii.gz",
        "left/lobe": "scan_mask_left-lobe.nii.gz",
    }
    whole, left = (read_labels(path).data > 0 for path in done.outputs.masks.values())
    assert whole.sum() == 8 * 6 * 3
    assert left.sum() == 4 * 6
    assert (whole & left).sum() == left.sum()
    assert [target["value"] for target in done.record["targets"]] == [1, 1]


def test_prompt_file_with_several_targets(segmenter: ThresholdSegmenter, scan: Path, tmp_path: Path) -> None:
    prompts = tmp_path / "ask.json"
    content = {
        "coordinates": "mm",
        "targets": [
            {"name": "a", "boxes": [{"from": [-28, 15, 11], "to": [-26.5, 20, 15]}]},
            {"name": "b", "points": [{"at": [-25, 18, 15]}, {"at": [-24.5, 18, 15], "label": 0}]},
        ],
    }
    prompts.write_text(json.dumps(content))
    done = segment_file(Request.of(scan, prompt_file=prompts, preview=False, propagation="none"), segmenter)
    assert done.segmentation.targets == ("a", "b")
    assert done.outputs.preview is None
    assert done.segmentation.mask("a").sum() == 4 * 6 * 2
    assert sorted(done.segmentation.quality["a"]) == [1, 2]
    assert list(done.segmentation.quality["b"]) == [2]


def test_same_request_gives_the_same_bytes(segmenter: ThresholdSegmenter, photo: Path) -> None:
    request = Request.of(photo, boxes=["8,3,35,20"], overwrite=True)
    first = [path.read_bytes() for path in segment_file(request, segmenter).outputs.all()[:2]]
    assert first == [path.read_bytes() for path in segment_file(request, segmenter).outputs.all()[:2]]


@pytest.mark.parametrize("blocker", ["photo_mask.png", "photo_mask.json", "photo_mask_preview.png"])
def test_existing_output_is_kept_unless_told(segmenter: ThresholdSegmenter, photo: Path, blocker: str) -> None:
    (photo.parent / blocker).write_text("precious")
    with pytest.raises(ResourceError, match=rf"{blocker} exists already; .*--overwrite"):
        segment_file(Request.of(photo, boxes=["8,3,35,20"]), segmenter)
    assert (photo.parent / blocker).read_text() == "precious"
    assert len(files(photo.parent)) == 2
    assert segmenter.encoded == 0
    segment_file(Request.of(photo, boxes=["8,3,35,20"], overwrite=True), segmenter)
    assert (photo.parent / blocker).read_bytes()[:8] != b"precious"


@pytest.mark.parametrize("how", ["same", "dotted", "link", "preview", "prompts"])
def test_inputs_are_never_overwritten(
    segmenter: ThresholdSegmenter, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    settings: dict[str, Any] = {"boxes": ["8,3,35,20"], "output": photo}
    if how == "dotted":
        settings["output"] = Path("sub/../photo.png")
    elif how == "link":
        (tmp_path / "link.png").symlink_to(photo)
        settings["output"] = tmp_path / "link.png"
    elif how == "preview":
        photo = photo.rename(tmp_path / "x_preview.png")
        settings["output"] = tmp_path / "x.png"
    elif how == "prompts":
        (tmp_path / "ask.json").write_text('{"targets": [{"name": "a", "boxes": [{"from": [8, 3], "to": [35, 20]}]}]}')
        settings |= {"output": tmp_path / "ask.png", "prompt_file": tmp_path / "ask.json"}
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="is an input itself"):
        segment_file(Request.of(photo, overwrite=True, **settings), segmenter)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"boxes": ["8,3,90,20"]}, PromptError, "outside the image"),
        ({"points": ["10,45"]}, PromptError, "outside the image"),
        ({"boxes": ["8,3,35,20"], "output": Path("mask.jpg")}, UsageError, "cannot be written as 'mask.jpg'"),
        ({"boxes": ["8,3,35,20"], "plane": "oblique"}, UsageError, "no plane"),
        ({"boxes": ["8,3,35,20"], "overlap": "biggest"}, UsageError, "overlap rule"),
        ({"boxes": ["8,3,35,20"], "intensity": "ct:knee"}, UsageError, "intensity policy"),
        ({"boxes": ["8,3,20,20=a", "12,3,35,20=b"], "overlap": "refuse"}, PromptError, "overlap on slice 0"),
        ({"boxes": ["8,3,20,20=A b", "12,3,35,20=a/b"], "overlap": "separate"}, UsageError, "share a file"),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_nothing(
    segmenter: ThresholdSegmenter,
    photo: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    error: type[SamaritanError],
    message: str,
) -> None:
    monkeypatch.chdir(photo.parent)
    with pytest.raises(error, match=message):
        segment_file(Request.of(photo, **settings), segmenter)
    assert files(photo.parent) == ["photo.png"]


def test_nothing_asked_is_refused(photo: Path) -> None:
    with pytest.raises(PromptError, match="Nothing is asked"):
        Request.of(photo)


def test_image_that_is_not_there(segmenter: ThresholdSegmenter, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.png"):
        segment_file(Request.of(tmp_path / "absent.png", boxes=["1,1,2,2"]), segmenter)
    assert files(tmp_path) == []


def test_volume_does_not_fit_a_picture(segmenter: ThresholdSegmenter, scan: Path) -> None:
    with pytest.raises(InputError, match=r"out\.png|PNG"):
        segment_file(Request.of(scan, boxes=["2,1,13,10@2"], output=scan.parent / "out.png"), segmenter)
    assert files(scan.parent) == ["scan.nii.gz"]


def test_fault_while_drawing_leaves_nothing(
    segmenter: ThresholdSegmenter, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("samaritan.predict.segment.draw_preview", fail)
    with pytest.raises(ResourceError, match="No space left"):
        segment_file(Request.of(photo, boxes=["8,3,35,20"]), segmenter)
    assert files(photo.parent) == ["photo.png"]


def test_output_among_the_slices_of_a_series_is_refused(
    segmenter: ThresholdSegmenter, photo: Path, tmp_path: Path
) -> None:
    series = tmp_path / "series"
    series.mkdir()
    with pytest.raises((UsageError, InputError)):
        segment_file(Request.of(series, boxes=["1,1,2,2@0"], output=series / "mask.nii.gz"), segmenter)
    assert files(series) == []


def test_output_goes_into_a_new_folder(segmenter: ThresholdSegmenter, photo: Path) -> None:
    segment_file(Request.of(photo, boxes=["8,3,35,20"], output=photo.parent / "a" / "b" / "m.tif"), segmenter)
    assert files(photo.parent / "a" / "b") == ["m.json", "m.tif", "m_preview.png"]


def test_folder_without_permission_is_refused_before_work(
    segmenter: ThresholdSegmenter, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Permissions do not stop root, who may run the tests.
    monkeypatch.setattr("os.access", lambda _, mode: mode == os.R_OK)
    with pytest.raises(ResourceError, match="may write"):
        segment_file(Request.of(photo, boxes=["8,3,35,20"]), segmenter)
    assert segmenter.encoded == 0
    assert files(photo.parent) == ["photo.png"]


def test_names_of_targets_may_be_anything(segmenter: ThresholdSegmenter, photo: Path) -> None:
    name = "Läsion\nzwei " + "x" * 100
    done = segment_file(Request.of(photo, boxes=["8,3,35,20"], label=name), segmenter)
    assert done.record["targets"][0]["name"] == name


def test_the_record_names_the_adapter(segmenter: ThresholdSegmenter, photo: Path) -> None:
    assert segment_file(Request.of(photo, boxes=["8,3,35,20"]), segmenter).record["adapter"] is None
    adapter = {"name": "polyps", "sha256": "ab" * 32, "method": "lora"}
    done = segment_file(Request.of(photo, boxes=["8,3,35,20"], adapter=adapter, overwrite=True), segmenter)
    assert json.loads(done.outputs.record.read_text())["adapter"] == adapter


def test_images_are_prepared_as_the_adapter_was_trained(segmenter: ThresholdSegmenter, scan: Path) -> None:
    adapter = {"name": "x", "preparation": {"plane": "coronal", "intensity": "window:100/400"}}
    box = ["2,1,13,4@5"]
    done = segment_file(Request.of(scan, boxes=box, adapter=adapter), segmenter)
    assert (done.record["plane"], done.record["intensity"]["policy"]) == ("coronal", "window 100/400")
    assert any("Slices are coronal, as the adapter was trained" in text for text in done.record["warnings"])
    request = Request.of(scan, boxes=box, adapter=adapter, plane="axial", intensity="asis", overwrite=True)
    done = segment_file(request, segmenter)
    assert (done.record["plane"], done.record["intensity"]["policy"]) == ("axial", "asis")
    assert not any("adapter" in text for text in done.record["warnings"])


TAUGHT = {"name": "organs", "labels": ["left", "right"], "prompts": ["none"], "preparation": {}}


@dataclass
class Taught(ThresholdSegmenter):
    """Finds its targets by name, wherever they are."""

    def decode(
        self, embedding: Embedding, prompts: Sequence[PromptSet], *, multimask: bool = False
    ) -> list[Prediction]:
        shape = embedding.shape
        half = {"left": Box((0, 0), (shape[0] // 2 - 1, shape[1])), "right": Box((shape[0] // 2, 0), shape)}
        return super().decode(embedding, [PromptSet(box=half[prompt.text or ""]) for prompt in prompts])


def test_adapter_is_asked_everywhere(scan: Path) -> None:
    segmenter = Taught()
    done = segment_file(Request.of(scan, everywhere=True, adapter=TAUGHT), segmenter)
    assert done.segmentation.targets == ("left", "right")
    assert (done.segmentation.mask("left") | done.segmentation.mask("right")).sum() == 8 * 6 * 3
    assert segmenter.encoded == 6
    assert segmenter.batches == [2] * 6
    assert [target["prompts"] for target in done.record["targets"]] == [[], []]
    one = segment_file(Request.of(scan, everywhere=True, label="left", adapter=TAUGHT, overwrite=True), segmenter)
    assert one.segmentation.targets == ("left",)


def test_names_are_asked_for_where_a_model_knows_any(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter = Taught()
    with pytest.raises(UsageError, match="cannot be asked for 'left' by name alone; give a box or a point"):
        segment_file(Request.of(scan, names=["left", "left"]), segmenter)
    assert segmenter.encoded == 0
    taught = segment_file(Request.of(scan, names=["left"], adapter=TAUGHT), segmenter)
    monkeypatch.setattr(segmenter, "card", replace(segmenter.card, prompts=("text",)))
    known = segment_file(Request.of(scan, names=["left", "left"], overwrite=True), segmenter)
    assert known.segmentation.targets == taught.segmentation.targets == ("left",)
    assert np.array_equal(known.segmentation.mask("left"), taught.segmentation.mask("left"))


def test_smoothing_rounds_what_is_found_everywhere(scan: Path) -> None:
    plain = segment_file(Request.of(scan, everywhere=True, adapter=TAUGHT), Taught())
    request = Request.of(scan, everywhere=True, smooth_mm=1.0, adapter=TAUGHT, overwrite=True)
    smooth = segment_file(request, Taught())
    sizes = [sum(target["voxels"] for target in done.record["targets"]) for done in (plain, smooth)]
    assert 0 < sizes[1] < sizes[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"everywhere": True}, "needs an adapter that was trained without prompts .-p none.; there is none"),
        (
            {"everywhere": True, "adapter": {"name": "mine", "prompts": ["box:jitter=0.1", "point"]}},
            "mine was trained with box:jitter=0.1, point",
        ),
        ({"everywhere": True, "adapter": TAUGHT, "boxes": ["1,1,5,5@2"]}, "leave --box, --point"),
        ({"names": ["left"], "points": ["1,1,2"]}, "leave --box, --point"),
        ({"names": ["left"], "framing": "zoom:2"}, "--framing has no meaning with --everywhere and --text"),
        ({"names": ["left"], "planes": "three"}, "--planes has no meaning"),
        ({"everywhere": True, "adapter": TAUGHT, "propagation": "sequence"}, "--propagate has no meaning"),
        ({"boxes": ["1,1,5,5@2"], "smooth_mm": 2.0}, "--smooth goes with --everywhere or --text"),
    ],
)
def test_everywhere_needs_an_adapter_and_nothing_else(scan: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Request.of(scan, **settings)
