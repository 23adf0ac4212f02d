"""DICOM series, which OHIF asks about by their UID and has from elsewhere, and which 3D Slicer downloads as NIfTI."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import highdicom
import nibabel
import nrrd
import numpy as np
import pydicom
import pytest
from starlette.testclient import TestClient

from samaritan import io
from tests.io.conftest import save_dicom_file

from .conftest import HOST, SHAPE, Stand, make_stand

UID = "1.2.3.4.77"


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    """Beside the volume a series: oblique slices in shuffled files, rows that run neither right nor back."""
    place = tmp_path / "images" / "series"
    place.mkdir(parents=True)
    rows, columns = np.array([0.8, 0.6, 0]), np.array([0, 0, -1.0])
    normal = np.cross(rows, columns)
    voxels = np.random.default_rng(5).integers(0, 2000, SHAPE).astype(np.uint16)
    for k, name in enumerate(np.random.default_rng(6).permutation(SHAPE[2])):
        save_dicom_file(
            place / f"{name}.dcm", np.ascontiguousarray(voxels[:, :, k].T), SeriesInstanceUID=UID, InstanceNumber=k + 1,
            ImageOrientationPatient=[*rows, *columns], ImagePositionPatient=(np.array([5.0, 7, 9]) + 2.5 * k * normal).tolist(),
        )  # fmt: skip
    return make_stand(tmp_path, ("ct_1",))


def test_ohif_knows_an_image_by_its_series(client: TestClient, stand: Stand) -> None:
    params = {"foreground": [[3, 5, 2]], "background": [], "result_extension": ".nrrd", "result_dtype": "uint8"}
    answer = client.post(f"/infer/litemedsam-2d?image={UID}&output=image", files={"params": (None, json.dumps(params))})
    (stand.image.parent / "mask.nrrd").write_bytes(answer.content)
    data, _ = nrrd.read(str(stand.image.parent / "mask.nrrd"))
    assert np.argwhere(data).tolist() == [[3, 5, 2]]
    assert client.head("/datastore/image?image=1.2.3.4.78").status_code == 404


def test_slicer_gets_it_as_nifti_with_the_same_voxels(client: TestClient, stand: Stand) -> None:
    answer = client.get(f"/datastore/image?image={UID}")
    assert 'filename="series.nii.gz"' in answer.headers["content-disposition"]
    image: Any = nibabel.Nifti1Image.from_bytes(gzip.decompress(answer.content))
    volume = io.read_volume(stand.image.parent / "series")
    assert (np.asarray(image.dataobj) == volume.data).all()
    np.testing.assert_allclose(image.affine, volume.geometry.affine, atol=1e-4)


def test_a_mask_may_come_as_dicom_seg(client: TestClient, stand: Stand) -> None:
    params = {"foreground": [[3, 5, 2]], "label": "liver"}
    answer = client.post(
        f"/infer/litemedsam-2d?image={UID}&output=dicom_seg", files={"params": (None, json.dumps(params))}
    )
    assert answer.headers["content-type"] == "application/dicom"
    (stand.image.parent / "mask.dcm").write_bytes(answer.content)
    assert pydicom.dcmread(stand.image.parent / "mask.dcm").SegmentSequence[0].SegmentLabel == "liver"
    assert highdicom.seg.segread(stand.image.parent / "mask.dcm").number_of_segments == 1
    mask = io.read_labels(stand.image.parent / "mask.dcm", like=io.read_volume(stand.image.parent / "series"))
    assert np.argwhere(mask.data).tolist() == [[3, 5, 2]]


def test_what_is_no_dicom_cannot(client: TestClient, stand: Stand) -> None:
    case = next(one.case for one in stand.workspace.summaries() if one.name == "ct_1")
    params = {"params": (None, json.dumps({"foreground": [[3, 5, 2]]}))}
    answer = client.post(f"/infer/litemedsam-2d?image={case}&output=dicom_seg", files=params)
    assert answer.status_code == 422
    assert HOST not in answer.json()["sentence"]


def test_the_files_of_a_series_make_a_session(client: TestClient, stand: Stand) -> None:
    files = [("files", (path.name, path.read_bytes())) for path in sorted((stand.image.parent / "series").iterdir())]
    name = client.put("/session/", files=files).json()["session_id"]
    params = {"params": (None, json.dumps({"foreground": [[1, 2, 3]]}))}
    answer = client.post(f"/infer/litemedsam-2d?session_id={name}&output=json", files=params)
    assert answer.json()["slice"] == 3
