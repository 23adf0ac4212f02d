"""Outlines as QuPath's module asks for them, draws them and sends them back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from samaritan.annotate.server.monailabel import outlines
from samaritan.core import FormatError, Geometry, Volume

from .conftest import Stand


def picture(columns: int, rows: int) -> Volume:
    return Volume(np.zeros((columns, rows, 1), np.uint8), Geometry.pixels(columns, rows))


def corners(content: bytes) -> list[list[tuple[float, float]]]:
    return [
        [(float(at.attrib["X"]), float(at.attrib["Y"])) for at in one.iter("Coordinate")]
        for one in Xml.fromstring(content).iter("Annotation")
    ]


def test_an_outline_runs_around_the_pixels_between_their_centres() -> None:
    mask = np.zeros((12, 9), bool)
    mask[3:6, 2] = True
    [found] = corners(outlines.write(mask, "cell", "#ffb000"))
    assert (min(x for x, _ in found), max(x for x, _ in found)) == (2.5, 5.5)
    assert (min(y for _, y in found), max(y for _, y in found)) == (1.5, 2.5)


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 6), st.integers(2, 5), st.integers(2, 5)), min_size=1, max_size=4
    )
)
def test_what_was_written_is_read_as_the_same_mask(tmp_path_factory: pytest.TempPathFactory, boxes: list[Any]) -> None:
    mask = np.zeros((16, 13), bool)
    for x, y, width, height in boxes:
        mask[x : x + width, y : y + height] ^= True
    path = tmp_path_factory.getbasetemp() / "label.xml"
    path.write_bytes(outlines.write(mask, "cell", "#ffb000"))
    found = outlines.read(path, picture(16, 13))
    assert list(found) == (["cell"] if mask.any() else [])
    assert (found.get("cell", np.zeros((16, 13, 1), bool))[:, :, 0] == mask).all()


def test_small_pieces_are_left_out_where_that_is_wished() -> None:
    mask = np.zeros((12, 9), bool)
    mask[0, 0] = mask[4:8, 4:8] = True
    assert len(corners(outlines.write(mask, "cell", "#ffb000"))) == 2
    assert len(corners(outlines.write(mask, "cell", "#ffb000", smallest=5))) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<a>", "no outlines of ASAP's kind"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "declares a document type"),
        (b'<a><Annotation Name="x"><Coordinate X="1"/></Annotation></a>', "no outlines of ASAP's kind"),
        (b'<a><Annotation Name="x"><Coordinate X="1" Y="inf"/></Annotation></a>', "no outlines of ASAP's kind"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "label.xml").write_bytes(content)
    with pytest.raises(FormatError, match=told):
        outlines.read(tmp_path / "label.xml", picture(5, 5))


def test_qupath_asks_in_pixels_and_gets_outlines(client: TestClient, stand: Stand) -> None:
    stand.engine.shape = (12, 9)
    asked: dict[str, Any] = {
        "level": 0,
        "location": [2, 3],
        "size": [4, 2],
        "min_poly_area": 2,
        "params": {"foreground": [[8, 7]]},
    }
    answer = client.post("/infer/wsi/litemedsam-2d?output=asap&image=skin", content=json.dumps(asked))
    assert answer.headers["content-type"] == "application/xml"
    [found] = corners(answer.content)
    assert (min(x for x, _ in found), max(x for x, _ in found)) == (1.5, 5.5)
    assert (min(y for _, y in found), max(y for _, y in found)) == (2.5, 4.5)
    assert Xml.fromstring(answer.content).find(".//Annotation").attrib["Name"] == "liver"  # type: ignore[union-attr]


def test_a_picture_that_the_server_does_not_have_is_sent_along(client: TestClient, stand: Stand) -> None:
    stand.engine.shape = (12, 9)
    files: dict[str, Any] = {
        "file": ("patch.png", (stand.image.parent / "skin.png").read_bytes(), "image/png"),
        "wsi": (None, json.dumps({"location": [0, 0], "size": [0, 0], "params": {"foreground": [[8, 7]]}})),
    }
    answer = client.post("/infer/wsi_v2/litemedsam-2d?output=asap", files=files)
    assert len(corners(answer.content)) == 1
    assert client.post("/infer/wsi/litemedsam-2d?output=dsa&image=skin").status_code == 422
    volume = client.post(f"/infer/wsi/litemedsam-2d?output=asap&image={stand.case}", content='{"params": {}}')
    assert volume.json()["sentence"] == "Outlines (wsi) are asked for of pictures; this image is a volume."


def test_outlines_that_a_person_drew_become_the_mask(client: TestClient, stand: Stand) -> None:
    mask = np.zeros((12, 9), bool)
    mask[3:6, 2:5] = True
    form: dict[str, Any] = {"params": (None, "{}"), "label": ("a.xml", outlines.write(mask, "naevus", "#ffb000"))}
    answer = client.put("/datastore/label?image=skin", files=form)
    case = answer.json()["label"]
    assert [one.name for one in stand.workspace.labels] == ["liver", "naevus"]
    document = stand.workspace.document(case)
    assert [one.voxels for one in document.detail().objects] == [9]
