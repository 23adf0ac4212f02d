"""What holds for every registered layout and for every built-in sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samaritan.core import GeometryError, InputError
from samaritan.core.intensity import MODALITIES
from samaritan.datasets import LAYOUTS, REFERENCE, Dataset, describe, fingerprint, open_datasets
from samaritan.datasets.samples._base import SAMPLES

from ..datasets import conftest as made

folders_2d, folders_3d, nnunet, msd, npz = made.folders_2d, made.folders_3d, made.nnunet, made.msd, made.npz

#: fixture -> layout that must recognise it.
FIXTURES = {"folders_2d": "folders", "folders_3d": "folders", "nnunet": "nnunet", "msd": "msd", "npz": "medsam-npz"}


@pytest.fixture(params=FIXTURES)
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


def opened(folder: Path) -> Dataset:
    (dataset,) = open_datasets([str(folder)])
    return dataset


def test_every_layout_is_covered() -> None:
    assert set(FIXTURES.values()) == set(LAYOUTS.names())


@pytest.mark.parametrize("name", FIXTURES)
def test_one_layout_claims_the_folder(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(name)
    assert [layout for layout in LAYOUTS.names() if LAYOUTS.get(layout).claims(folder)] == [FIXTURES[name]]
    assert opened(folder).layout == FIXTURES[name]


def test_ids_are_unique_and_in_a_stable_order(folder: Path) -> None:
    first, second = ([case.case_id for case in opened(folder).cases] for _ in range(2))
    assert first == second == sorted(set(first))
    assert len(first) >= 2


def test_every_case_reads_on_one_grid(folder: Path) -> None:
    for case in opened(folder).cases:
        grid = case.read_image().geometry
        assert next(iter(case.read_references)) == REFERENCE
        for read in case.read_references.values():
            labels = read()
            assert labels.geometry is grid or labels.geometry.mismatch(grid) is None
            assert labels.labels() in ([1, 2], [1])
        # the shape of made.ell tells whether an axis was swapped or turned round
        assert case.read_references[REFERENCE]().data[:, :, 0].tolist() == made.ell(grid.shape)[:, :, 0].tolist()


def test_sources_are_files_and_the_fingerprint_follows_their_content(folder: Path) -> None:
    case = opened(folder).cases[0]
    before = fingerprint(case)
    assert all(source.is_file() for source in case.sources)
    assert fingerprint(opened(folder).cases[0]) == before
    assert fingerprint(opened(folder).cases[1]) != before
    with case.sources[0].open("ab") as stream:
        stream.write(b"x")
    assert fingerprint(case) != before


def test_a_file_that_changes_after_opening_is_refused(folder: Path) -> None:
    dataset = opened(folder)
    dataset.cases[0].sources[0].write_bytes(b"another thing altogether")
    with pytest.raises(InputError, match="changed or removed"):
        dataset.cases[0].read_image()
    dataset.cases[1].sources[0].unlink()
    with pytest.raises(InputError, match="changed or removed"):
        dataset.cases[1].read_references[REFERENCE]()


def test_settings_of_the_user_reach_every_layout(folder: Path, tmp_path: Path) -> None:
    meta = tmp_path / "meta.yaml"
    extra = ", channel: 1" if folder.name == "Task99_Y" else ""
    meta.write_text(
        f"{folder.name}: {{name: mine, labels: {{1: left, 2: right}}, modality: CT, intensity: 'ct:bone'{extra}}}"
    )
    (dataset,) = open_datasets([str(folder)], meta)
    case = dataset.cases[0]
    assert (dataset.name, dataset.modality) == ("mine", "CT")
    assert (case.dataset, case.intensity, dict(case.names)) == ("mine", "ct:bone", {1: "left", 2: "right"})
    assert case.read_references[REFERENCE]().name(2) == "right"


def test_a_value_without_a_name_is_refused(folder: Path, tmp_path: Path) -> None:
    meta = tmp_path / "meta.yaml"
    extra = ", channel: 1" if folder.name == "Task99_Y" else ""
    meta.write_text(f"{folder.name}: {{labels: {{1: left}}{extra}}}")
    (dataset,) = open_datasets([str(folder)], meta)
    with pytest.raises(InputError, match="value 2, which is not among the labels"):
        dataset.cases[0].read_references[REFERENCE]()


@pytest.mark.parametrize("name", ["folders_3d", "nnunet", "msd"])
def test_a_mask_on_another_grid_is_refused(name: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(name)
    mask = opened(folder).cases[0].sources[1]
    thicker, moved = np.diag([-1, -1.5, 3.1, 1]), made.AFFINE.copy()
    moved[0, 3] += 0.02
    for affine, what in ((thicker, "spacing"), (moved, "position")):
        made.write_nifti(mask, made.ell((9, 11, 4)), affine)
        with pytest.raises(GeometryError, match=what) as error:
            opened(folder).cases[0].read_references[REFERENCE]()
        assert mask.name in str(error.value)
        assert opened(folder).cases[0].sources[0].name in str(error.value)
    made.write_nifti(mask, made.ell((9, 11, 5)))
    with pytest.raises(GeometryError, match="shape"):
        opened(folder).cases[0].read_references[REFERENCE]()


@pytest.mark.parametrize("name", SAMPLES.names())
def test_every_sample_reads(name: str) -> None:
    sample = SAMPLES.get(name)
    if (missing := sample.missing()) is not None:
        pytest.skip(f"samples/{name} {missing}")
    (dataset,) = open_datasets([f"samples/{name}"])
    assert dataset.modality in MODALITIES
    assert dataset.licence
    assert dataset.description
    case = dataset.cases[-1]
    image = case.read_image()
    assert np.isfinite(image.data).all()
    assert np.ptp(image.data) > 0
    assert tuple(case.read_references) == sample.raters
    for read in case.read_references.values():
        labels = read()
        assert labels.geometry.mismatch(image.geometry) is None
        if sample.instances:
            assert len(labels.labels()) > 5
        else:
            assert set(labels.labels()) == set(sample.labels)
    again = sample.draw(case.case_id)
    assert again.volume is not image
    assert np.array_equal(again.volume.data, image.data)


def test_samples_fit_the_budget_of_the_demo() -> None:
    slices = 0
    for dataset in open_datasets(["samples"]):
        shape = dataset.cases[0].read_image().geometry.shape
        slices += min(shape) * len(dataset.cases)
        assert describe(dataset)["patients"] <= len(dataset.cases)
    assert 40 <= slices <= 70
