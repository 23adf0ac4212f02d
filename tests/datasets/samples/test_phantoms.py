"""The phantoms: nothing the truth says is missing from the picture, and the raters differ as they are described."""

from __future__ import annotations

import numpy as np
import pytest

from samaritan.datasets import Case, open_datasets


def first(name: str) -> Case:
    (dataset,) = open_datasets([f"samples/{name}"])
    assert len({case.patient_id for case in dataset.cases}) == 6
    return dataset.cases[0]


def test_organs_have_the_hounsfield_units_of_organs() -> None:
    case = first("abdomen-ct")
    hu = case.read_image()
    labels = case.read_references["reference"]()
    assert hu.geometry.spacing == (1.5, 1.5, 6.0)
    for value, low, high in ((1, 85, 125), (2, 95, 135), (3, 120, 185), (5, 150, 350), (6, 125, 175)):
        assert low < hu.data[labels.data == value].mean() < high
    assert hu.data[:5, :5].mean() == pytest.approx(-1000, abs=20)
    liver, spleen = (np.argwhere(labels.data == value).mean(axis=0) for value in (1, 2))
    assert hu.geometry.to_world(liver)[0, 0] > hu.geometry.to_world(spleen)[0, 0]  # RAS+: the liver is on the right


def test_raters_deviate_as_their_names_say() -> None:
    size = {}
    masks = {rater: read().data > 0 for rater, read in first("lesion-us").read_references.items()}
    for rater, mask in masks.items():
        size[rater] = mask.sum()
    assert size["tight"] < size["reference"] < size["generous"]
    overlap = 2 * (masks["unsteady"] & masks["reference"]).sum() / (size["unsteady"] + size["reference"])
    assert 0.7 < overlap < 0.98


def test_the_lesion_is_darker_than_what_is_around() -> None:
    case = first("lesion-us")
    picture, lesion = case.read_image().data, case.read_references["reference"]().data > 0
    assert picture[lesion].mean() + 20 < picture[~lesion].mean()


def test_vessels_are_thin_dark_and_inside_the_field_of_view() -> None:
    case = first("vessels-fundus")
    green, labels = case.read_image().data[..., 1].astype(float), case.read_references["reference"]().data
    seen = green > 5
    assert green[labels == 1].mean() < green[(labels == 0) & seen].mean() < green[labels == 2].mean()
    assert 0.03 < (labels == 1).sum() / seen.sum() < 0.2
    assert not labels[0].any()


def test_layers_lie_in_order_in_every_column() -> None:
    labels = first("retina-oct").read_references["reference"]().data[:, :, 0].astype(int)
    for column in labels:
        named = column[column > 0]
        assert (np.diff(named) >= 0).all()
        assert set(named) == {1, 2, 3, 4}
