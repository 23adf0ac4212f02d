"""Whatever a client sends is a question or a refusal, and a voxel of its image is that voxel on ours."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samaritan.annotate.engine.requests import ImageRef
from samaritan.annotate.server.monailabel import said
from samaritan.core import Geometry, PromptError, UsageError

IMAGE = ImageRef("case", Path("image.nii.gz"))

json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
places = st.lists(st.lists(st.integers(-3, 12) | st.floats(-3, 12), min_size=2, max_size=3), max_size=4)
boxes = st.lists(st.integers(-3, 12), min_size=6, max_size=6)
params = st.fixed_dictionaries(
    {},
    optional={
        "foreground": places | json,
        "background": places | json,
        "roi": boxes | json,
        "slice": st.integers(-2, 9) | json,
        "label": st.text(max_size=5) | json,
        "object": places | json,
    },
)


def grid(axes: tuple[int, int, int], signs: tuple[int, int, int]) -> Geometry:
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) * (1.0, 1.5, 2.0))[:, list(axes)] * signs
    return Geometry((9, 8, 7), affine)


grids = st.builds(grid, st.permutations([0, 1, 2]).map(tuple), st.tuples(*[st.sampled_from([-1, 1])] * 3))


@given(params, grids)
def test_anything_is_a_question_or_one_sentence(sent: dict[str, Any], geometry: Geometry) -> None:
    for ask in (said.slice_question, said.volume_question):
        with suppress(UsageError, PromptError):
            assert ask(said.read(sent), IMAGE, geometry, "lane").prompts


@given(st.tuples(st.integers(0, 8), st.integers(0, 7), st.integers(0, 6)), grids)
def test_a_voxel_is_that_voxel_whatever_the_order_of_axes(voxel: tuple[int, int, int], geometry: Geometry) -> None:
    question = said.slice_question(said.read({"foreground": [list(voxel)]}), IMAGE, geometry, "lane")
    assert question.index == voxel[2]
    view = said.stack(geometry)
    assert view.plane == question.plane
    assert question.prompts.points is not None
    mask = np.zeros(view.shape, bool)
    x, y = question.prompts.points.ijk[0, :2].astype(int)
    mask[x, y] = True
    volume = np.zeros(geometry.shape, bool)
    view.insert(volume, question.index, mask)
    assert np.argwhere(volume).tolist() == [list(voxel)]


def test_a_deepedit_client_names_its_points_by_the_label() -> None:
    told = said.read({"label": "spleen", "spleen": [[1, 2, 3]], "background": [[4, 5, 6]]})
    assert (told.label, told.points.tolist(), told.positive.tolist()) == (
        "spleen",
        [[1, 2, 3], [4, 5, 6]],
        [True, False],
    )


@pytest.mark.parametrize(
    ("sent", "index"), [({"slice": 4}, 4), ({"background": [[1, 1, 5]]}, 5), ({"roi": [0, 1, 0, 1, 2, 6]}, 4)]
)
def test_which_slice_is_meant(sent: dict[str, Any], index: int) -> None:
    assert said.read(sent).on_slice == index
